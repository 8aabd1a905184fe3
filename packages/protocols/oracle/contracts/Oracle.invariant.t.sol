// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IOracle} from "./IOracle.sol";
import {OracleTest, StubCourt, StubReceiver, TaxedToken} from "./OracleTest.t.sol";

/// @notice The state of the world that both suites share: random but legal moves of everybody.
abstract contract OracleWorld is OracleTest {
    struct Life {
        IOracle.Request r;
        IOracle.Answer a;
        address[] signers;
        IOracle.Dispute d;
        bytes32 id;
        bool royaltyPaid;
        uint256 finals;
    }

    Life[] internal lives;
    bytes32[3] internal policies;
    uint256 internal deliveries;

    function setUp() public virtual override {
        super.setUp();
        for (uint8 t; t < 3; ++t) {
            policies[t] = oracle.registerPolicy(_policy(t + 1));
        }
        for (uint256 i; i < operators.length; ++i) {
            _fund(operators[i]);
        }
        court.setFee(1e15, 1e15);
        bytes4[] memory moves = new bytes4[](11);
        moves[0] = this.ask.selector;
        moves[1] = this.answer.selector;
        moves[2] = this.dispute.selector;
        moves[3] = this.rule.selector;
        moves[4] = this.finish.selector;
        moves[5] = this.again.selector;
        moves[6] = this.lapse.selector;
        moves[7] = this.share.selector;
        moves[8] = this.wait.selector;
        moves[9] = this.moods.selector;
        moves[10] = this.money.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), moves));
    }

    // ---- moves

    function ask(uint8 threshold, uint128 fee, uint16 life, uint8 salt, bool model) external {
        if (lives.length >= 40) return;
        IOracle.Request memory r = _request(uint256(salt) % 12);
        r.policyId = policies[threshold % 3];
        r.fee = uint128(bound(fee, 0, 5e18));
        r.expiry = uint64(vm.getBlockTimestamp() + bound(life, 0, 4 hours));
        if (!model) r.modelId = 0;
        if (_free(address(receiver)) < r.fee) return;
        vm.prank(address(receiver));
        try oracle.request(r) returns (bytes32 id) {
            // No id comes twice, whatever the salts.
            for (uint256 i; i < lives.length; ++i) {
                assertNotEq(lives[i].id, id, "O2");
            }
            lives.push();
            Life storage l = lives[lives.length - 1];
            (l.r, l.id) = (r, id);
        } catch (bytes memory why) {
            assertEq(bytes32(bytes4(why)), bytes32(IOracle.AlreadyRequested.selector), "only for a taken salt");
        }
    }

    function answer(uint256 which, int128 output) external {
        Life storage l = _pick(which, IOracle.Status.Open);
        if (l.id == 0) return;
        (, uint256 deadline,) = oracle.statusOf(l.id);
        IOracle.Answer memory a = _answer(output);
        (uint8 threshold,,,,,,) = oracle.policy(l.r.policyId);
        if (vm.getBlockTimestamp() > deadline || !_canLock(threshold)) return;
        bytes memory signatures = _signatures(l.r, a, threshold);
        vm.prank(operators[0]);
        try oracle.submit(l.r, a, signatures) {
            l.a = a;
            delete l.signers;
            for (uint256 i; i < threshold; ++i) {
                l.signers.push(operators[i]);
            }
        } catch (bytes memory why) {
            // In the very second of a reopening nothing can have been produced after it.
            assertEq(keccak256(why), keccak256(abi.encodeWithSelector(IOracle.BadAnswer.selector, "producedAt")));
        }
    }

    function dispute(uint256 which) external {
        Life storage l = _pick(which, IOracle.Status.Answered);
        if (l.id == 0) return;
        (, uint256 deadline,) = oracle.statusOf(l.id);
        (uint8 threshold,,,,,,) = oracle.policy(l.r.policyId);
        if (vm.getBlockTimestamp() > deadline || _free(watcher) < threshold * BOND + 1e15) return;
        IOracle.Answer memory claim = _answer(l.a.output + 1);
        l.d = _challenge(l.r, l.a, l.signers, claim);
    }

    function rule(uint256 which, uint8 ruling) external {
        Life storage l = _pick(which, IOracle.Status.Disputed);
        if (l.id == 0) return;
        IArbiter.Ruling said = IArbiter.Ruling(ruling % 5);
        court.say(said);
        (, uint256 deadline,) = oracle.statusOf(l.id);
        if (vm.getBlockTimestamp() <= deadline && (said == IArbiter.Ruling.Pending || _courtIsBroken())) return;
        _resolve(l);
    }

    function finish(uint256 which) external {
        Life storage l = _pick(which, IOracle.Status.Answered);
        if (l.id == 0) return;
        (, uint256 deadline,) = oracle.statusOf(l.id);
        if (vm.getBlockTimestamp() <= deadline) return;
        _finalize(l);
    }

    function again(uint256 which) external {
        Life storage l = _pick(which, IOracle.Status.Undelivered);
        if (l.id == 0 || receiver.mode() != StubReceiver.Mode.Accept) return;
        oracle.redeliver(l.r, l.a, l.signers);
        ++deliveries;
    }

    function lapse(uint256 which) external {
        Life storage l = _pick(which, IOracle.Status.Open);
        if (l.id == 0) return;
        (, uint256 deadline,) = oracle.statusOf(l.id);
        if (vm.getBlockTimestamp() > deadline) oracle.expire(l.r);
    }

    function share(uint256 which, bool undelivered) external {
        Life storage l = _pick(which, undelivered ? IOracle.Status.Undelivered : IOracle.Status.Final);
        if (l.id == 0) return;
        _distribute(l);
    }

    function wait(uint16 seconds_) external {
        skip(seconds_ % 3 hours);
    }

    function moods(uint8 receiverMode, uint8 courtMode) external {
        receiver.behave(StubReceiver.Mode(receiverMode % 4));
        court.behave(StubCourt.Mode(courtMode % 4));
    }

    function money(uint256 who, uint128 amount, bool out) external {
        address account = [operators[0], operators[1], operators[2], watcher, address(receiver), dataOwner][who % 6];
        if (out) {
            uint256 free = _free(account);
            if (free == 0) return;
            vm.prank(account);
            oracle.withdraw(bound(amount, 1, free));
        } else {
            token.faucet(address(this), 1000e18);
            token.approve(address(oracle), 1000e18);
            oracle.deposit(account, bound(amount, 100, 1000e18));
        }
    }

    // ---- parts

    function _resolve(Life storage l) internal {
        oracle.resolve(l.r, l.d);
        (IOracle.Status status,,) = oracle.statusOf(l.id);
        if (status != IOracle.Status.Answered || court.said() != IArbiter.Ruling.Claim || _courtIsBroken()) return;
        l.a = l.d.claim;
        delete l.signers;
        l.signers.push(watcher);
    }

    function _finalize(Life storage l) internal {
        uint256 before = receiver.calls();
        oracle.finalize(l.r, l.a, l.signers);
        ++l.finals;
        (IOracle.Status status,,) = oracle.statusOf(l.id);
        if (status == IOracle.Status.Final) ++deliveries;
        if (receiver.mode() == StubReceiver.Mode.ReturnBomb || receiver.calls() > before) return;
        assertEq(uint256(status), uint256(IOracle.Status.Undelivered));
    }

    function _distribute(Life storage l) internal {
        oracle.distribute(l.r, l.a, l.signers);
        l.royaltyPaid = true;
    }

    function _courtIsBroken() internal view returns (bool) {
        return court.mode() != StubCourt.Mode.Rule;
    }

    function _canLock(uint256 threshold) internal view returns (bool) {
        for (uint256 i; i < threshold; ++i) {
            if (_free(operators[i]) < BOND) return false;
        }
        return true;
    }

    /// @dev Some life in this status, or an empty one (storage of an unused index).
    function _pick(uint256 which, IOracle.Status wanted) internal view returns (Life storage l) {
        uint256 n = lives.length;
        for (uint256 i; i < n; ++i) {
            l = lives[(which % n + i) % n];
            (IOracle.Status status,,) = oracle.statusOf(l.id);
            if (status == wanted) return l;
        }
        return _nothing();
    }

    Life private _empty;

    function _nothing() private view returns (Life storage) {
        return _empty;
    }

    /// @dev Value that the contract holds outside of the ledger: fees under way and royalties not shared out.
    function _escrow() internal view returns (uint256 sum) {
        for (uint256 i; i < lives.length; ++i) {
            Life storage l = lives[i];
            (IOracle.Status status,, bool paid) = oracle.statusOf(l.id);
            uint256 s = uint256(status);
            if (s >= uint256(IOracle.Status.Open) && s <= uint256(IOracle.Status.Disputed)) sum += l.r.fee;
            if (s >= uint256(IOracle.Status.Final) && s <= uint256(IOracle.Status.Undelivered) && !paid) {
                sum += uint256(l.r.fee) * ROYALTY_BPS / 10_000;
            }
        }
    }

    function _standing() internal view returns (uint256 bonds) {
        for (uint256 i; i < lives.length; ++i) {
            (IOracle.Status status,,) = oracle.statusOf(lives[i].id);
            if (lives[i].r.policyId == 0) continue;
            (uint8 threshold,,,,,,) = oracle.policy(lives[i].r.policyId);
            if (status == IOracle.Status.Answered) bonds += uint256(threshold) * BOND;
            if (status == IOracle.Status.Disputed) bonds += 2 * uint256(threshold) * BOND;
        }
    }

    // ---- what always holds

    function invariant_O8_valueConserved() public view {
        assertEq(_ledgerSum() + _escrow(), token.balanceOf(address(oracle)));
    }

    function invariant_O8_lockedIsWhatStands() public view {
        uint256 locked = _locked(watcher);
        for (uint256 i; i < operators.length; ++i) {
            locked += _locked(operators[i]);
        }
        assertEq(locked, _standing());
    }

    function invariant_O4_finalOnce() public view {
        for (uint256 i; i < lives.length; ++i) {
            assertLe(lives[i].finals, 1);
        }
        assertLe(deliveries, lives.length);
    }

    /// @dev From wherever the run has left it, every request ends by moves of a stranger alone, court and receiver
    /// broken; and then nothing is locked.
    function invariant_O9_everyRequestEnds() public {
        uint256 here = vm.snapshotState();
        court.behave(StubCourt.Mode.Revert);
        receiver.behave(StubReceiver.Mode.BurnGas);
        skip(2 days);
        vm.startPrank(makeAddr("stranger"));
        for (uint256 i; i < lives.length; ++i) {
            Life storage l = lives[i];
            (IOracle.Status status,,) = oracle.statusOf(l.id);
            if (status == IOracle.Status.Open) oracle.expire(l.r);
            if (status == IOracle.Status.Answered) oracle.finalize(l.r, l.a, l.signers);
            if (status == IOracle.Status.Disputed) oracle.resolve(l.r, l.d);
            (status,,) = oracle.statusOf(l.id);
            assertTrue(status >= IOracle.Status.Final || status == IOracle.Status.None, "ended");
        }
        vm.stopPrank();
        assertEq(_standing(), 0);
        invariant_O8_lockedIsWhatStands();
        invariant_O8_valueConserved();
        vm.revertToState(here);
    }
}

contract OracleInvariantTest is OracleWorld {}

/// @notice The same world with a token that takes a tax on each transfer.
contract OracleTaxedTokenInvariantTest is OracleWorld {
    function _newToken() internal override returns (TestToken) {
        return new TaxedToken();
    }
}
