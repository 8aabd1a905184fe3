// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "@base/testkit/contracts/Test.sol";
import {TestToken} from "@base/testkit/contracts/TestToken.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IPanel} from "./IPanel.sol";
import {Panel} from "./Panel.sol";

/// @notice A panel of five, three of whom decide; this contract is the client.
abstract contract PanelTest is Test {
    uint96 internal constant STAKE = 10e18;
    uint96 internal constant FEE = 3e18;
    uint32 internal constant COMMIT = 10 minutes;
    uint32 internal constant REVEAL = 20 minutes;
    uint32 internal constant EXIT = 1 days;
    uint16 internal constant PENALTY_BPS = 5000;
    uint256 internal constant PENALTY = STAKE / 2;
    bytes32 internal constant DEFENCE = keccak256("defence");
    bytes32 internal constant CLAIM = keccak256("claim");
    bytes32 internal constant OTHER = keccak256("other");
    bytes32 internal constant SALT = keccak256("salt");
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;
    uint256 internal constant START = 1_750_000_000;

    TestToken internal token;
    Panel internal panel;
    address[] internal members;
    address internal defender;
    address internal claimant;

    function setUp() public virtual {
        vm.warp(START);
        token = new TestToken();
        defender = makeAddr("defender");
        claimant = makeAddr("claimant");
        for (uint256 i; i < 5; ++i) {
            members.push(makeAddr(string.concat("member ", vm.toString(i))));
        }
        panel = new Panel(token, members, 3, _terms());
        token.faucet(address(this), 1_000_000e18);
        token.approve(address(panel), type(uint256).max);
        for (uint256 i; i < 5; ++i) {
            panel.deposit(members[i], 100e18);
        }
    }

    function _terms() internal pure returns (IPanel.Terms memory) {
        return IPanel.Terms(STAKE, FEE, COMMIT, REVEAL, EXIT, PENALTY_BPS);
    }

    function _open() internal returns (uint256) {
        return panel.open(keccak256("subject"), DEFENCE, CLAIM, defender, claimant, "context");
    }

    function _commit(uint256 id, uint256 member, bytes32 result) internal {
        bytes32 commitment = panel.commitmentOf(id, members[member], result, SALT);
        vm.prank(members[member]);
        panel.commit(id, commitment);
    }

    function _reveal(uint256 id, uint256 member, bytes32 result) internal {
        vm.prank(members[member]);
        panel.reveal(id, result, SALT);
    }

    /// @dev All five commit and reveal; zero means silent throughout.
    function _vote(uint256 id, bytes32[5] memory results) internal {
        for (uint256 i; i < 5; ++i) {
            if (results[i] != 0) _commit(id, i, results[i]);
        }
        skip(COMMIT + 1);
        for (uint256 i; i < 5; ++i) {
            if (results[i] != 0) _reveal(id, i, results[i]);
        }
        skip(REVEAL);
    }

    function _free(address who) internal view returns (uint256 free) {
        (free,) = panel.account(who);
    }

    function _locked(address who) internal view returns (uint256 locked) {
        (, locked) = panel.account(who);
    }

    function _assertRuling(uint256 id, IArbiter.Ruling expected) internal view {
        assertEq(uint256(panel.ruling(id)), uint256(expected), "ruling");
    }

    function _ledgerSum() internal view returns (uint256 sum) {
        for (uint256 i; i < 5; ++i) {
            sum += _free(members[i]) + _locked(members[i]);
        }
        sum += _free(claimant) + panel.burned();
    }
}
