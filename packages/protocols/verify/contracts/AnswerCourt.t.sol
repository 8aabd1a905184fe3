// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {AnswerCourt} from "./AnswerCourt.sol";
import {DisputesTest} from "./DisputesTest.t.sol";
import {IDisputes} from "./IDisputes.sol";

/// @notice The court over real claims and games: an oracle's context is made here as IOracle.challenge makes it.
contract AnswerCourtTest is DisputesTest {
    AnswerCourt internal court;
    address internal constant REQUESTER = address(0xC0);
    bytes32 internal constant INPUT = "input";
    uint256 internal constant ONE = 0x3f800000; // 1
    uint256 internal constant HALF = 0x3f000000; // 0.5

    function setUp() public {
        _deploy();
        court = new AnswerCourt(game, 10 minutes);
        vm.prank(REQUESTER);
        court.bind(3, INPUT, _hash(), false);
    }

    function _answer(int256 output, bytes32 why) private pure returns (AnswerCourt.Answered memory a) {
        (a.output, a.whyHash) = (output, why);
    }

    function _open(AnswerCourt.Answered memory a, AnswerCourt.Answered memory b) private returns (uint256) {
        AnswerCourt.Asked memory r;
        (r.requester, r.modelId, r.inputHash) = (REQUESTER, 3, INPUT);
        return court.open("subject", _resultHash(a), _resultHash(b), defender, challenger, abi.encode(r, a, b));
    }

    function _resultHash(AnswerCourt.Answered memory a) private pure returns (bytes32) {
        return keccak256(abi.encode(uint256(3), INPUT, a.output, a.confidenceBps, a.whyHash, a.evidenceRoot));
    }

    function _stand(address who, uint256 id, uint256 bits) private {
        vm.startPrank(who);
        game.post(0, _hash(), court.resultOf(bits), 0);
        court.stand(id, 0, bits);
        vm.stopPrank();
    }

    function _expect(uint256 id, IArbiter.Ruling ruling) private {
        court.settle(id);
        assertTrue(court.ruling(id) == ruling);
    }

    /// @dev D28: whoever's claim survives is right; here the defender's falls.
    function test_theGameDecides() public {
        uint256 id = _open(_answer(0.5e18, "why"), _answer(1e18, "why"));
        _stand(defender, id, HALF);
        _stand(challenger, id, ONE);
        _expect(id, IArbiter.Ruling.Pending);
        _defeat(defender, 0, court.resultOf(HALF), challenger);
        _expect(id, IArbiter.Ruling.Pending);
        // What fell stays fallen, also when its stand is used again.
        bytes32 half = court.resultOf(HALF);
        vm.prank(defender);
        game.post(0, _hash(), half, 0);
        vm.warp(vm.getBlockTimestamp() + 2 hours);
        _expect(id, IArbiter.Ruling.Claim);
        vm.prank(challenger);
        game.release(0);
        _expect(id, IArbiter.Ruling.Claim);
    }

    /// @dev D28: silence loses, on either side and on both.
    function test_whoDoesNotStandLoses() public {
        uint256 id = _open(_answer(0.5e18, "why"), _answer(1e18, "why"));
        uint256 other = _open(_answer(0.5e18, "why"), _answer(1e18, "why"));
        _stand(defender, id, HALF);
        vm.warp(vm.getBlockTimestamp() + 10 minutes);
        _expect(other, IArbiter.Ruling.Pending);
        vm.warp(vm.getBlockTimestamp() + 1);
        _expect(other, IArbiter.Ruling.Neither);
        vm.prank(challenger);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.TooLate.selector, vm.getBlockTimestamp() - 1));
        court.stand(id, 0, ONE);
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        _expect(id, IArbiter.Ruling.Defence);
    }

    function test_bothFinalIsRefused() public {
        uint256 id = _open(_answer(0.5e18, "why"), _answer(1e18, "why"));
        _stand(defender, id, HALF);
        _stand(challenger, id, ONE);
        vm.warp(vm.getBlockTimestamp() + 1 hours + 1);
        _expect(id, IArbiter.Ruling.Refused);
    }

    /// @dev D28: reasons are not judged; a challenge to them alone is lost at once.
    function test_onlyTheOutputIsJudged() public {
        uint256 id = _open(_answer(1e18, "why"), _answer(1e18, "another why"));
        assertTrue(court.ruling(id) == IArbiter.Ruling.Defence);
    }

    function test_aClaimMustBeTheSidesOwnAndOpenForLongEnough() public {
        bytes32 half = court.resultOf(HALF);
        vm.prank(defender);
        game.post(0, _hash(), half, 0);
        vm.warp(vm.getBlockTimestamp() + 41 minutes);
        uint256 id = _open(_answer(0.5e18, "why"), _answer(1e18, "why"));
        vm.startPrank(defender);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotStanding.selector, defender, uint64(0)));
        court.stand(id, 0, HALF);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotStanding.selector, defender, uint64(1)));
        court.stand(id, 1, HALF);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotYourSide.selector, id, defender, int256(1e18)));
        court.stand(id, 0, ONE);
        game.post(1, _hash(), half, 0);
        court.stand(id, 1, HALF);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotYourSide.selector, id, defender, int256(0.5e18)));
        court.stand(id, 1, HALF);
        vm.stopPrank();
    }

    function test_opensForBoundQuestionsUnderTheirHashesOnly() public {
        AnswerCourt.Answered memory a = _answer(0.5e18, "why");
        AnswerCourt.Answered memory b = _answer(1e18, "why");
        AnswerCourt.Asked memory r;
        (r.requester, r.modelId, r.inputHash) = (REQUESTER, 3, INPUT);
        bytes memory context = abi.encode(r, a, b);
        bytes32 right = _resultHash(a);
        vm.expectRevert(AnswerCourt.WrongContext.selector);
        court.open("subject", right, right, defender, challenger, context);
        r.requester = defender;
        bytes32 against = _resultHash(b);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotBound.selector, defender, uint256(3), INPUT));
        court.open("subject", right, against, defender, challenger, abi.encode(r, a, b));
        vm.prank(REQUESTER);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.AlreadyBound.selector, _hash()));
        court.bind(3, INPUT, "another", false);
        vm.expectRevert(abi.encodeWithSelector(IArbiter.UnknownDispute.selector, uint256(9)));
        court.ruling(9);
    }

    function test_numbersBecomeWadsRoundedDown() public {
        assertEq(court.toWad(ONE, false), 1e18);
        assertEq(court.toWad(0xbf000000, false), -0.5e18);
        assertEq(court.toWad(0xbf000000, true), 0);
        assertEq(court.toWad(0x40000000, true), 1e18);
        assertEq(court.toWad(0x00000001, false), 0);
        assertEq(court.toWad(0x80000001, false), -1);
        assertEq(court.toWad(0x80000000, false), 0);
        assertEq(court.toWad(0x7f7fffff, false), int256(0xffffff) * 2 ** 104 * 1e18);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotFinite.selector, uint256(0x7f800000)));
        court.toWad(0x7f800000, false);
        vm.expectRevert(abi.encodeWithSelector(AnswerCourt.NotFinite.selector, uint256(1) << 32));
        court.toWad(1 << 32, false);
    }
}
