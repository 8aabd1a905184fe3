// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Test} from "@base/testkit/contracts/Test.sol";
import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {Anchor} from "./Anchor.sol";

contract AnchorTest is Test {
    Anchor anchors;
    bytes32 constant LOG = keccak256("log");
    bytes32 constant OTHER = keccak256("other log");
    address signer;
    uint256 key;

    event Anchored(
        address indexed signer, bytes32 indexed log, bytes32 before, uint64 size, bytes32 root, bytes32 accumulator
    );
    event Noted(
        address indexed signer, bytes32 indexed log, bytes32 before, uint64 size, bytes32 root, bytes32 accumulator
    );

    function setUp() public {
        anchors = new Anchor();
        (signer, key) = makeAddrAndKey("signer");
    }

    function nothing() internal pure returns (Anchor.Head memory) {
        return Anchor.Head(bytes32(0), 0, bytes32(0));
    }

    function first(uint64 size, bytes32 root) internal returns (Anchor.Head memory head) {
        vm.prank(signer);
        anchors.anchor(LOG, nothing(), size, root);
        head = Anchor.Head(bytes32(0), size, root);
    }

    function next(Anchor.Head memory last, uint64 size, bytes32 root) internal returns (Anchor.Head memory head) {
        bytes32 before = anchors.accumulators(signer, LOG);
        vm.prank(signer);
        anchors.anchor(LOG, last, size, root);
        head = Anchor.Head(before, size, root);
    }

    function test_anchor_chains_and_says_so(uint64 a, uint64 b, bytes32 rootA, bytes32 rootB) public {
        a = uint64(bound(a, 1, type(uint64).max - 1));
        b = uint64(bound(b, uint256(a) + 1, type(uint64).max));
        bytes32 one = keccak256(abi.encode(bytes32(0), uint256(a), rootA));
        bytes32 two = keccak256(abi.encode(one, uint256(b), rootB));
        vm.expectEmit(address(anchors));
        emit Anchored(signer, LOG, bytes32(0), a, rootA, one);
        Anchor.Head memory head = first(a, rootA);
        assertEq(anchors.accumulators(signer, LOG), one);
        vm.expectEmit(address(anchors));
        emit Anchored(signer, LOG, one, b, rootB, two);
        next(head, b, rootB);
        assertEq(anchors.accumulators(signer, LOG), two);
        assertEq(anchors.accumulators(signer, OTHER), bytes32(0), "logs are apart");
        assertEq(anchors.accumulators(address(this), LOG), bytes32(0), "signers are apart");
    }

    function test_a_replayed_anchor_reverts() public {
        Anchor.Head memory head = first(10, "a");
        next(head, 20, "b");
        bytes32 newest = anchors.accumulators(signer, LOG);
        bytes32 claimed = anchors.fold(head.before, head.size, head.root);
        vm.prank(signer);
        vm.expectRevert(abi.encodeWithSelector(Anchor.NotTheNewest.selector, newest, claimed));
        anchors.anchor(LOG, head, 20, "b");
    }

    function test_an_anchor_whose_predecessor_was_reorganised_away_reverts() public {
        Anchor.Head memory head = first(10, "a");
        uint256 fork = vm.snapshotState();
        Anchor.Head memory lost = next(head, 20, "b");
        assertTrue(vm.revertToState(fork));
        bytes32 newest = anchors.accumulators(signer, LOG);
        bytes32 claimed = anchors.fold(lost.before, lost.size, lost.root);
        vm.prank(signer);
        vm.expectRevert(abi.encodeWithSelector(Anchor.NotTheNewest.selector, newest, claimed));
        anchors.anchor(LOG, lost, 30, "c");
        next(head, 30, "c");
    }

    function test_a_log_that_does_not_grow_reverts(uint64 size) public {
        size = uint64(bound(size, 0, 10));
        Anchor.Head memory head = first(10, "a");
        vm.prank(signer);
        vm.expectRevert(abi.encodeWithSelector(Anchor.NotGrown.selector, uint64(10), size));
        anchors.anchor(LOG, head, size, "b");
    }

    function test_an_empty_log_is_not_anchored() public {
        vm.expectRevert(abi.encodeWithSelector(Anchor.NotGrown.selector, uint64(0), uint64(0)));
        anchors.anchor(LOG, nothing(), 0, "a");
    }

    function test_nobody_else_extends_a_log() public {
        Anchor.Head memory head = first(10, "a");
        bytes32 claimed = anchors.fold(head.before, head.size, head.root);
        vm.expectRevert(abi.encodeWithSelector(Anchor.NotTheNewest.selector, bytes32(0), claimed));
        anchors.anchor(LOG, head, 20, "b");
    }

    function signed(uint256 by, bytes32 before, uint64 size, bytes32 root) internal view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Assay Anchor"),
                keccak256("1"),
                block.chainid,
                address(anchors)
            )
        );
        bytes32 body = keccak256(abi.encode(anchors.ANCHOR_TYPEHASH(), LOG, before, uint256(size), root));
        return signature(by, keccak256(abi.encodePacked("\x19\x01", domain, body)));
    }

    function test_anchorFor_takes_the_signers_word_once() public {
        bytes memory good = signed(key, 0, 10, "a");
        anchors.anchorFor(signer, LOG, nothing(), 10, "a", good);
        assertEq(anchors.accumulators(signer, LOG), anchors.fold(0, 10, "a"));
        vm.expectPartialRevert(Anchor.WrongSigner.selector);
        anchors.anchorFor(signer, LOG, nothing(), 10, "a", good);
    }

    function test_anchorFor_refuses_a_strangers_signature(uint256 other) public {
        other = bound(other, 1, SECP256K1_ORDER - 1);
        vm.assume(other != key);
        bytes memory bad = signed(other, 0, 10, "a");
        vm.expectRevert(abi.encodeWithSelector(Anchor.WrongSigner.selector, signer, vm.addr(other)));
        anchors.anchorFor(signer, LOG, nothing(), 10, "a", bad);
    }

    function test_note_stores_nothing() public {
        vm.expectEmit(address(anchors));
        emit Noted(address(this), LOG, "before", 10, "a", anchors.fold("before", 10, "a"));
        anchors.note(LOG, "before", 10, "a");
        assertEq(anchors.accumulators(address(this), LOG), bytes32(0));
    }

    function test_older_heads_stay_provable() public {
        Anchor.Head memory a = first(10, "a");
        Anchor.Head memory b = next(a, 20, "b");
        Anchor.Head memory c = next(b, 30, "c");
        Anchor.Head[] memory later = new Anchor.Head[](2);
        (later[0], later[1]) = (b, c);
        assertTrue(anchors.isAnchored(signer, LOG, a, later));
        assertTrue(anchors.isAnchored(signer, LOG, c, new Anchor.Head[](0)));
        assertFalse(anchors.isAnchored(signer, LOG, b, later), "not in its place");
        assertFalse(anchors.isAnchored(signer, LOG, a, new Anchor.Head[](0)), "not the newest");
        later[1].size = 31;
        assertFalse(anchors.isAnchored(signer, LOG, a, later), "another size");
        later[1].size = 30;
        a.root = "x";
        assertFalse(anchors.isAnchored(signer, LOG, a, later), "another root");
    }

    function test_nothing_is_anchored_in_a_log_without_anchors() public view {
        assertFalse(anchors.isAnchored(signer, LOG, nothing(), new Anchor.Head[](0)));
    }

    function test_a_record_is_verified_under_an_anchored_head(bytes memory left, bytes memory right) public {
        bytes32 a = Merkle.leafHash(left);
        bytes32 b = Merkle.leafHash(right);
        Anchor.Head memory head = first(2, Merkle.nodeHash(a, b));
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = b;
        Anchor.Head[] memory none = new Anchor.Head[](0);
        assertTrue(anchors.verifyRecord(signer, LOG, head, none, 0, a, proof));
        assertFalse(anchors.verifyRecord(signer, LOG, head, none, 0, keccak256("x"), proof));
        assertFalse(anchors.verifyRecord(signer, OTHER, head, none, 0, a, proof), "another log");
    }

    /// @dev Execution without the 21,000 and the calldata of a transaction; the bench measures whole transactions.
    function test_gas_of_anchor_and_note() public {
        Anchor.Head memory head = first(4096, keccak256("a"));
        vm.prank(signer);
        uint256 before = gasleft();
        anchors.anchor(LOG, head, 8192, keccak256("b"));
        assertLt(before - gasleft(), 30_000);
        before = gasleft();
        anchors.note(LOG, "x", 8192, keccak256("b"));
        assertLt(before - gasleft(), 6_000);
    }
}
