// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IAssets} from "./IAssets.sol";

/// @title Assets: data, models and services with lineage, price and royalties (see IAssets; rules A1.. of SPEC.md)
/// @dev Ancestors that ask a share are flattened at publication, four to a slot: [ id : 48 | bps : 16 ]. A sale then
/// costs one pass over at most 32 entries, whatever the depth of the lineage.
contract Assets is IAssets, IERC2981, ERC721, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Strings for uint256;

    /// @dev Packed in one slot; the price has its own and is not written when free.
    struct Head {
        address publisher;
        Kind kind;
        State state;
        uint16 royaltyBps;
    }

    /// @dev An ancestor with the share it asks of each descendant's revenue.
    struct Share {
        uint48 id;
        uint16 bps;
    }

    uint256 public constant MAX_PARENTS = 16;
    uint256 public constant MAX_ANCESTORS = 32;
    uint256 private constant BPS = 10_000;

    IERC20 private immutable _token;

    /// @inheritdoc IAssets
    uint256 public count;
    mapping(uint256 id => Head) private _heads;
    mapping(uint256 id => uint128) private _prices;
    mapping(uint256 id => bytes32) private _roots;
    mapping(uint256 id => bytes32) private _statements;
    mapping(uint256 id => Share[]) private _shares;
    mapping(address publisher => mapping(bytes32 root => uint256)) private _ids;
    mapping(uint256 id => mapping(address who => bool)) private _bought;
    mapping(address owner => uint256) private _balances;

    constructor(IERC20 token_) ERC721("Assay asset", "ASSET") {
        _token = token_;
    }

    // ------------------------------------------------------------------ publish

    /// @inheritdoc IAssets
    function publish(Publication calldata p) external returns (uint256 id) {
        if (p.kind == Kind.None) revert UnknownKind();
        if (p.root == 0) revert EmptyRoot();
        if (p.royaltyBps > BPS) revert RoyaltyTooHigh(p.royaltyBps);
        if (p.parents.length > MAX_PARENTS) revert TooManyParents(p.parents.length);
        uint256 existing = _ids[msg.sender][p.root];
        if (existing != 0) revert AlreadyPublished(existing);

        id = ++count;
        _ids[msg.sender][p.root] = id;
        _heads[id] = Head(msg.sender, p.kind, State.Active, p.royaltyBps);
        _roots[id] = p.root;
        _statements[id] = p.statement;
        if (p.price != 0) _prices[id] = p.price;
        if (p.parents.length != 0) _flatten(id, p.parents);
        _mint(msg.sender, id);
        emit Published(id, msg.sender, p.root, p.kind, p.statement, p.price, p.royaltyBps, p.parents, p.uri);
    }

    /// @dev Collects parents and their ancestors once each; those that ask nothing need no entry.
    function _flatten(uint256 id, uint256[] calldata parents) private {
        Share[] memory found = new Share[](MAX_ANCESTORS);
        uint256 n;
        uint256 stack;
        for (uint256 i; i < parents.length; ++i) {
            uint256 parent = parents[i];
            for (uint256 j; j < i; ++j) {
                if (parents[j] == parent) revert DuplicateParent(parent);
            }
            Head memory head = _heads[parent];
            if (head.kind == Kind.None || parent >= id) revert UnknownAsset(parent);
            if (head.state == State.Retired) revert RetiredParent(parent);
            (n, stack) = _collect(found, n, stack, Share(uint48(parent), head.royaltyBps));
            Share[] storage inherited = _shares[parent];
            uint256 length = inherited.length;
            for (uint256 j; j < length; ++j) {
                (n, stack) = _collect(found, n, stack, inherited[j]);
            }
        }
        if (stack > BPS) revert RoyaltyStackTooHigh(stack);
        for (uint256 i; i < n; ++i) {
            _shares[id].push(found[i]);
        }
    }

    function _collect(Share[] memory found, uint256 n, uint256 stack, Share memory share)
        private
        pure
        returns (uint256, uint256)
    {
        if (share.bps == 0) return (n, stack);
        for (uint256 i; i < n; ++i) {
            if (found[i].id == share.id) return (n, stack);
        }
        if (n == MAX_ANCESTORS) revert TooManyAncestors(n + 1);
        found[n] = share;
        return (n + 1, stack + share.bps);
    }

    // ------------------------------------------------------------------ sale

    /// @inheritdoc IAssets
    function buy(uint256 id, address to, uint256 maxPrice) external nonReentrant {
        State state = _head(id).state;
        if (state != State.Active) revert NotForSale(id, state);
        uint128 price = _prices[id];
        if (price > maxPrice) revert PriceAbove(id, price, maxPrice);
        if (_bought[id][to] || _ownerOf(id) == to) revert AlreadyHasAccess(id, to);

        _bought[id][to] = true;
        emit Bought(id, msg.sender, to, price);
        if (price == 0) return;
        _creditSale(id, price);
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), price);
        uint256 received = _token.balanceOf(address(this)) - before;
        if (received < price) revert PaymentShort(price, received);
    }

    function _creditSale(uint256 id, uint256 price) private {
        Share[] storage shares = _shares[id];
        uint256 n = shares.length;
        uint256 rest = price;
        for (uint256 i; i < n; ++i) {
            Share memory share = shares[i];
            uint256 part = price * share.bps / BPS;
            rest -= part;
            _creditOwner(id, share.id, part);
        }
        _creditOwner(id, id, rest);
    }

    function _creditOwner(uint256 id, uint256 payee, uint256 amount) private {
        if (amount == 0) return;
        address owner = _ownerOf(payee);
        _balances[owner] += amount;
        emit Credited(id, payee, owner, amount);
    }

    /// @inheritdoc IAssets
    function withdraw() external nonReentrant returns (uint256 amount) {
        amount = _balances[msg.sender];
        if (amount == 0) revert NothingToWithdraw(msg.sender);
        _balances[msg.sender] = 0;
        emit Withdrawn(msg.sender, amount);
        _token.safeTransfer(msg.sender, amount);
    }

    // ------------------------------------------------------------------ owner

    /// @inheritdoc IAssets
    function setPrice(uint256 id, uint128 price) external {
        _onlyOwner(id);
        _prices[id] = price;
        emit Repriced(id, price);
    }

    /// @inheritdoc IAssets
    function setState(uint256 id, State state) external {
        _onlyOwner(id);
        Head storage head = _heads[id];
        if (head.state == State.Retired) revert RetiredIsFinal(id);
        head.state = state;
        emit StateChanged(id, state);
    }

    function _onlyOwner(uint256 id) private view {
        _head(id);
        if (_ownerOf(id) != msg.sender) revert NotOwner(id, msg.sender);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IAssets
    function asset(uint256 id) external view returns (Asset memory) {
        Head memory head = _head(id);
        return Asset(head.publisher, head.kind, head.state, head.royaltyBps, _prices[id], _roots[id], _statements[id]);
    }

    /// @inheritdoc IAssets
    function exists(uint256 id) external view returns (bool) {
        return _heads[id].kind != Kind.None;
    }

    /// @inheritdoc IAssets
    function idOf(address publisher, bytes32 root) external view returns (uint256) {
        return _ids[publisher][root];
    }

    /// @inheritdoc IAssets
    function hasAccess(uint256 id, address who) external view returns (bool) {
        State state = _head(id).state;
        return _bought[id][who] || _ownerOf(id) == who || (_prices[id] == 0 && state == State.Active);
    }

    /// @inheritdoc IAssets
    function splitOf(uint256 id) public view returns (uint256[] memory ids, uint256[] memory bps) {
        _head(id);
        Share[] storage shares = _shares[id];
        uint256 n = shares.length;
        ids = new uint256[](n + 1);
        bps = new uint256[](n + 1);
        uint256 rest = BPS;
        for (uint256 i; i < n; ++i) {
            Share memory share = shares[i];
            ids[i] = share.id;
            bps[i] = share.bps;
            rest -= share.bps;
        }
        ids[n] = id;
        bps[n] = rest;
    }

    /// @inheritdoc IAssets
    function payees(uint256 id, uint256 amount)
        external
        view
        returns (address[] memory owners, uint256[] memory amounts)
    {
        (uint256[] memory ids, uint256[] memory bps) = splitOf(id);
        uint256 n = ids.length;
        owners = new address[](n);
        amounts = new uint256[](n);
        uint256 rest = amount;
        for (uint256 i; i < n; ++i) {
            owners[i] = _ownerOf(ids[i]);
            amounts[i] = i + 1 == n ? rest : amount * bps[i] / BPS;
            rest -= amounts[i];
        }
    }

    /// @inheritdoc IAssets
    function balance(address owner) external view returns (uint256) {
        return _balances[owner];
    }

    /// @inheritdoc IAssets
    function token() external view returns (address) {
        return address(_token);
    }

    /// @notice ERC-2981, for sales of the token itself on markets: the publisher asks its royalty. Advice only.
    function royaltyInfo(uint256 id, uint256 salePrice) external view returns (address receiver, uint256 amount) {
        Head memory head = _head(id);
        return (head.publisher, salePrice * head.royaltyBps / BPS);
    }

    /// @notice The provenance statement, by its SHA-256.
    function tokenURI(uint256 id) public view override returns (string memory) {
        _head(id);
        return string.concat("urn:sha256:", _hex(_statements[id]));
    }

    /// @inheritdoc ERC721
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return interfaceId == type(IERC2981).interfaceId || interfaceId == type(IAssets).interfaceId
            || super.supportsInterface(interfaceId);
    }

    function _head(uint256 id) private view returns (Head memory head) {
        head = _heads[id];
        if (head.kind == Kind.None) revert UnknownAsset(id);
    }

    /// @dev 64 lower-case hex digits.
    function _hex(bytes32 value) private pure returns (string memory) {
        bytes memory prefixed = bytes(uint256(value).toHexString(32));
        bytes memory digits = new bytes(64);
        for (uint256 i; i < 64; ++i) {
            digits[i] = prefixed[i + 2];
        }
        return string(digits);
    }
}
