// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {Test, Vm} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {Disputes} from "./Disputes.sol";
import {IDisputes} from "./IDisputes.sol";
import {JobLib} from "./Job.sol";
import {Verdicts} from "./Verdicts.sol";

/// @notice Answers as it is told: what is judged does not matter here, only what happens to clocks and money.
contract StubVerdicts {
    Verdicts.Question public kind;
    uint256 public truth;

    function set(Verdicts.Question kind_, uint256 truth_) external {
        (kind, truth) = (kind_, truth_);
    }

    fallback() external {
        bytes memory answer = abi.encode(truth);
        if (msg.sig == Verdicts.valuesOf.selector) answer = abi.encode(uint64(3));
        if (msg.sig == Verdicts.question.selector) answer = abi.encode(kind, uint64(4), uint8(0));
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }
}

/// @notice Claimants and challengers who make every move that the rules allow, and sometimes none.
contract DisputesInvariantTest is Test {
    uint128 internal constant CLAIM = 100e18;
    uint128 internal constant CHALLENGE = 10e18;

    TestToken internal token;
    StubVerdicts internal stub;
    Disputes internal game;
    address[] internal actors;
    JobLib.Job internal job;

    struct Open {
        uint256 id;
        address challenger;
        IDisputes.State state;
        bytes32[] posted;
        IDisputes.Phase phase;
        uint256 began;
    }

    Open[] internal games;
    mapping(uint256 id => IDisputes.GameStatus) internal ended;
    bytes internal constant LEAF = hex"0000803f000000400000404000008040";

    function setUp() public {
        token = new TestToken();
        stub = new StubVerdicts();
        IDisputes.Terms memory terms =
            IDisputes.Terms({claimBond: CLAIM, challengeBond: CHALLENGE, window: 1 hours, clock: 30 minutes});
        game = new Disputes(token, Verdicts(address(stub)), terms);
        for (uint160 i = 1; i <= 4; i++) {
            address actor = address(0xA000 + i);
            actors.push(actor);
            token.faucet(actor, 1_000_000e18);
            vm.startPrank(actor);
            token.approve(address(game), type(uint256).max);
            game.deposit(actor, 900_000e18);
            vm.stopPrank();
        }
        (job.rows, job.batch, job.steps, job.stepsPerEpoch) = (8, 2, 20, 4);
        bytes4[] memory moves = new bytes4[](6);
        moves[0] = this.post.selector;
        moves[1] = this.challenge.selector;
        moves[2] = this.move.selector;
        moves[3] = this.timeout.selector;
        moves[4] = this.wait.selector;
        moves[5] = this.release.selector;
        targetContract(address(this));
        targetSelector(FuzzSelector(address(this), moves));
    }

    function post(uint256 who, uint64 stand) external {
        address claimant = actors[who % 2];
        stand %= 2;
        (IDisputes.ClaimStatus status,,, uint256 open) = game.claimOf(claimant, stand);
        if (status == IDisputes.ClaimStatus.STANDING || open != 0) return;
        vm.prank(claimant);
        game.post(stand, _hash(), _result(claimant, stand), bytes32(0));
    }

    function challenge(uint256 who, uint64 stand, uint256 by) external {
        address claimant = actors[who % 2];
        stand %= 2;
        (IDisputes.ClaimStatus status,, uint256 deadline,) = game.claimOf(claimant, stand);
        if (status != IDisputes.ClaimStatus.STANDING || vm.getBlockTimestamp() > deadline || games.length > 20) return;
        address challenger = actors[by % 4];
        vm.recordLogs();
        vm.prank(challenger);
        try game.challenge(claimant, stand, _result(claimant, stand), job) {
            games.push();
            _note(games.length - 1, challenger);
        } catch (bytes memory reason) {
            assertEq(bytes32(bytes4(reason)), bytes32(IDisputes.AlreadyChallenged.selector));
        }
    }

    /// @dev The next move of a game in a form that the rules allow: it must not be refused while the clock runs.
    function move(uint256 index, uint256 choice, uint256 truth) external {
        if (games.length == 0) return;
        index %= games.length;
        Open storage g = games[index];
        if (_over(g) || _late(g) || _fallen(g)) return;
        IDisputes.State memory s = g.state;
        stub.set(Verdicts.Question(choice % 5), truth % 2 == 0 ? uint256(0x3f800000) : truth);
        vm.recordLogs();
        (,,, bool defender,) = game.gameOf(g.id);
        vm.startPrank(defender ? s.claimant : g.challenger);
        if (g.phase == IDisputes.Phase.SPLIT) {
            uint256 parts = s.high - s.low < 16 ? s.high - s.low : 16;
            game.split(g.id, s, _noise(parts - 1, choice));
        } else if (g.phase == IDisputes.Phase.CHOOSE_STEP) {
            game.chooseStep(g.id, s, g.posted, choice % (g.posted.length + 1));
        } else if (g.phase == IDisputes.Phase.TRACE) {
            bytes32[] memory nodes = _noise(3, choice);
            nodes[0] = Merkle.leafHash(LEAF);
            nodes[2] = s.highRoot;
            game.trace(g.id, s, nodes, new bytes32[](0), new bytes(512));
        } else if (g.phase == IDisputes.Phase.CHOOSE_VALUE) {
            bytes32[] memory path = new bytes32[](2);
            (path[0], path[1]) = (g.posted[1], g.posted[2]);
            game.chooseValue(g.id, s, 0, g.posted[0], path, new bytes(512));
        } else if (g.phase == IDisputes.Phase.REVEAL) {
            game.reveal(g.id, s, LEAF);
        } else if (g.phase == IDisputes.Phase.PROVE_ELEMENT) {
            bytes32[] memory pieces = new bytes32[](2);
            for (uint256 i = 0; i < 2; i++) pieces[i] = keccak256(_piece(i));
            game.prove(g.id, s, choice % 4, _piece((choice % 4) / 2), pieces, new bytes(512));
        } else {
            game.proveRoot(g.id, s, new bytes(512));
        }
        vm.stopPrank();
        _note(index, g.challenger);
    }

    function timeout(uint256 index) external {
        if (games.length == 0) return;
        index %= games.length;
        Open storage g = games[index];
        if (_over(g) || !(_late(g) || _fallen(g))) return;
        vm.recordLogs();
        game.timeout(g.id, g.state);
        _note(index, g.challenger);
    }

    function release(uint256 who, uint64 stand) external {
        stand %= 2;
        (IDisputes.ClaimStatus status,,,) = game.claimOf(actors[who % 2], stand);
        if (status != IDisputes.ClaimStatus.FINAL) return;
        vm.prank(actors[who % 2]);
        game.release(stand);
    }

    function wait(uint16 seconds_) external {
        skip(seconds_ % 20 minutes);
    }

    /// @dev D13: bonds are conserved; what is not burned belongs to somebody.
    function invariant_D13_bondsConserved() public view {
        uint256 sum = game.burned();
        for (uint256 i = 0; i < actors.length; i++) {
            (uint128 free, uint128 locked) = game.account(actors[i]);
            sum += uint256(free) + locked;
        }
        assertEq(sum, token.balanceOf(address(game)));
    }

    /// @dev D14: a game has one winner, and keeps it.
    function invariant_D14_oneWinner() public view {
        for (uint256 i = 0; i < games.length; i++) {
            (IDisputes.GameStatus status,,,,) = game.gameOf(games[i].id);
            if (ended[games[i].id] != IDisputes.GameStatus.IN_PROGRESS) assertTrue(status == ended[games[i].id]);
        }
    }

    /// @dev D7: whatever the players do, a stranger alone ends every game after both clocks, and nothing stays locked
    /// but the bonds of stands.
    function invariant_D7_everyGameEnds() public {
        uint256 here = vm.snapshotState();
        skip(1 hours + 1);
        for (uint256 i = 0; i < games.length; i++) {
            (,,,, uint256 deadline) = game.gameOf(games[i].id);
            if (_over(games[i])) continue;
            assertLe(deadline, games[i].began + 1 hours);
            game.timeout(games[i].id, games[i].state);
            assertTrue(_over(games[i]));
        }
        for (uint256 i = 2; i < actors.length; i++) {
            (, uint128 locked) = game.account(actors[i]);
            assertEq(locked, 0);
        }
        vm.revertToState(here);
    }

    function _note(uint256 index, address challenger) private {
        Open storage g = games[index];
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] == IDisputes.Moved.selector) {
                g.id = uint256(logs[i].topics[1]);
                if (g.challenger == address(0)) g.began = vm.getBlockTimestamp();
                g.challenger = challenger;
                (g.phase, g.state, g.posted) =
                    abi.decode(logs[i].data, (IDisputes.Phase, IDisputes.State, bytes32[]));
            }
            if (logs[i].topics[0] == IDisputes.Ended.selector) {
                (IDisputes.GameStatus status,,) =
                    abi.decode(logs[i].data, (IDisputes.GameStatus, uint256, uint256));
                assertTrue(ended[g.id] == IDisputes.GameStatus.IN_PROGRESS);
                assertTrue(status != IDisputes.GameStatus.IN_PROGRESS);
                ended[g.id] = status;
            }
        }
    }

    function _over(Open storage g) private view returns (bool) {
        (IDisputes.GameStatus status,,,,) = game.gameOf(g.id);
        return status != IDisputes.GameStatus.IN_PROGRESS;
    }

    function _late(Open storage g) private view returns (bool) {
        (,,,, uint256 deadline) = game.gameOf(g.id);
        return vm.getBlockTimestamp() > deadline;
    }

    function _fallen(Open storage g) private view returns (bool) {
        (IDisputes.ClaimStatus status,,,) = game.claimOf(g.state.claimant, g.state.stand);
        return status == IDisputes.ClaimStatus.DEFEATED;
    }

    function _hash() private view returns (bytes32) {
        return keccak256(abi.encode(JobLib.DOMAIN, job));
    }

    function _result(address claimant, uint64 stand) private pure returns (bytes32) {
        return keccak256(abi.encode(claimant, stand));
    }

    function _noise(uint256 count, uint256 salt) private pure returns (bytes32[] memory list) {
        list = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) list[i] = keccak256(abi.encode(salt, i));
    }

    function _piece(uint256 i) private pure returns (bytes memory piece) {
        piece = new bytes(8);
        for (uint256 k = 0; k < 8; k++) piece[k] = LEAF[8 * i + k];
    }
}
