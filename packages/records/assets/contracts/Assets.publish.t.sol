// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IAssets} from "./IAssets.sol";
import {AssetsTest} from "./AssetsTest.t.sol";

contract AssetsPublishTest is AssetsTest {
    function test_publish_recordsAndMints(uint8 kind, bytes32 root, bytes32 statement, uint128 price, uint16 bps) public {
        IAssets.Publication memory p = _publication(uint16(bound(bps, 0, 10_000)), price, _none());
        p.kind = IAssets.Kind(bound(kind, 1, 4));
        p.root = root == 0 ? bytes32(uint256(1)) : root;
        p.statement = statement;
        vm.expectEmit(address(assets));
        emit IAssets.Published(1, alice, p.root, p.kind, p.statement, p.price, p.royaltyBps, p.parents, p.uri);
        vm.prank(alice);
        uint256 id = assets.publish(p);
        assertEq(id, 1);
        assertEq(assets.count(), 1);
        assertEq(assets.ownerOf(id), alice);
        assertEq(assets.idOf(alice, p.root), id);
        assertTrue(assets.exists(id));
        IAssets.Asset memory a = assets.asset(id);
        assertEq(a.publisher, alice);
        assertEq(uint256(a.kind), uint256(p.kind));
        assertEq(uint256(a.state), uint256(IAssets.State.Active));
        assertEq(a.royaltyBps, p.royaltyBps);
        assertEq(a.price, price);
        assertEq(a.root, p.root);
        assertEq(a.statement, statement);
        (uint256[] memory ids, uint256[] memory shares) = assets.splitOf(id);
        assertEq(ids.length, 1);
        assertEq(shares[0], 10_000);
    }

    function test_publish_A2_sameRootTwice_namesTheFirst() public {
        IAssets.Publication memory p = _publication(0, 0, _none());
        vm.startPrank(alice);
        uint256 id = assets.publish(p);
        vm.expectRevert(abi.encodeWithSelector(IAssets.AlreadyPublished.selector, id));
        assets.publish(p);
        vm.stopPrank();
        vm.prank(bob);
        assertEq(assets.publish(p), id + 1, "another publisher may");
    }

    function test_publish_badInput_reverts() public {
        IAssets.Publication memory p = _publication(0, 0, _none());
        p.kind = IAssets.Kind.None;
        _expect(p, abi.encodeWithSelector(IAssets.UnknownKind.selector));
        p = _publication(0, 0, _none());
        p.root = 0;
        _expect(p, abi.encodeWithSelector(IAssets.EmptyRoot.selector));
        p = _publication(10_001, 0, _none());
        _expect(p, abi.encodeWithSelector(IAssets.RoyaltyTooHigh.selector, 10_001));
        p = _publication(0, 0, new uint256[](17));
        _expect(p, abi.encodeWithSelector(IAssets.TooManyParents.selector, 17));
        p = _publication(0, 0, _list(1));
        _expect(p, abi.encodeWithSelector(IAssets.UnknownAsset.selector, 1)); // not its own parent either
        uint256 parent = _publish(alice, 0, 0, _none());
        p = _publication(0, 0, _list(parent, parent));
        _expect(p, abi.encodeWithSelector(IAssets.DuplicateParent.selector, parent));
        vm.prank(alice);
        assets.setState(parent, IAssets.State.Retired);
        p = _publication(0, 0, _list(parent));
        _expect(p, abi.encodeWithSelector(IAssets.RetiredParent.selector, parent));
    }

    function test_publish_A4_absoluteSharesReachEveryDescendant() public {
        uint256 weather = _publish(alice, 1000, 0, _none());
        uint256 label = _publish(bob, 500, 0, _list(weather));
        uint256 model = _publish(carol, 0, 0, _list(label));
        (uint256[] memory ids, uint256[] memory bps) = assets.splitOf(model);
        assertEq(ids.length, 3);
        assertEq(ids[0], label);
        assertEq(bps[0], 500);
        assertEq(ids[1], weather);
        assertEq(bps[1], 1000);
        assertEq(ids[2], model);
        assertEq(bps[2], 8500);
    }

    function test_publish_A4_diamond_countsAnAncestorOnce() public {
        uint256 base = _publish(alice, 2000, 0, _none());
        uint256 left = _publish(bob, 100, 0, _list(base));
        uint256 right = _publish(carol, 100, 0, _list(base));
        uint256 join = _publish(alice, 0, 0, _list(left, right));
        (uint256[] memory ids, uint256[] memory bps) = assets.splitOf(join);
        assertEq(ids.length, 4);
        assertEq(bps[3], 10_000 - 2200);
        // A parent that is also a grandparent counts once, too.
        (ids, bps) = assets.splitOf(_publish(alice, 0, 0, _list(base, left)));
        assertEq(ids.length, 3);
        assertEq(bps[2], 10_000 - 2100);
    }

    function test_publish_A5_stackAbove100Percent_reverts() public {
        uint256 a = _publish(alice, 6000, 0, _none());
        uint256 b = _publish(bob, 4000, 0, _list(a));
        uint256 c = _publish(carol, 1, 0, _list(b)); // 100 % above it, 0 % left for itself
        (, uint256[] memory bps) = assets.splitOf(c);
        assertEq(bps[2], 0);
        IAssets.Publication memory p = _publication(0, 0, _list(c));
        _expect(p, abi.encodeWithSelector(IAssets.RoyaltyStackTooHigh.selector, 10_001));
    }

    function test_publish_A6_atMost32PayingAncestors() public {
        uint256[] memory many = new uint256[](16);
        for (uint256 i; i < 16; ++i) {
            many[i] = _publish(alice, 100, 0, _none());
        }
        uint256 half = _publish(bob, 0, 0, many); // asks nothing: needs no place
        for (uint256 i; i < 16; ++i) {
            many[i] = _publish(alice, 100, 0, _none());
        }
        uint256 other = _publish(bob, 0, 0, many);
        uint256 full = _publish(carol, 100, 0, _list(half, other));
        (uint256[] memory ids,) = assets.splitOf(full);
        assertEq(ids.length, 33);
        IAssets.Publication memory p = _publication(0, 0, _list(full));
        _expect(p, abi.encodeWithSelector(IAssets.TooManyAncestors.selector, 33));
    }

    function test_publish_interfacesAndUri() public {
        uint256 id = _publish(alice, 250, 0, _none());
        assertTrue(assets.supportsInterface(type(IERC721).interfaceId));
        assertTrue(assets.supportsInterface(type(IERC2981).interfaceId));
        assertTrue(assets.supportsInterface(0x01ffc9a7));
        assertFalse(assets.supportsInterface(0xffffffff));
        (address receiver, uint256 amount) = assets.royaltyInfo(id, 1 ether);
        assertEq(receiver, alice);
        assertEq(amount, 0.025 ether);
        IAssets.Publication memory p = _publication(0, 0, _none());
        p.statement = 0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff;
        vm.prank(alice);
        id = assets.publish(p);
        assertEq(
            assets.tokenURI(id), "urn:sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
        );
    }

    function _expect(IAssets.Publication memory p, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(carol);
        assets.publish(p);
    }
}
