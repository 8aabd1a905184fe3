// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IAssets: what exists, whose it is, what came from what, and who is paid for it
/// @notice Data, derived data, models and services as ERC-721 tokens with content roots, a price and a
/// royalty that every descendant's revenue owes. All shares are absolute basis points of the revenue;
/// ancestors are flattened once, at publication, so paying never walks the lineage.
/// @dev Safety rests on: the ERC-20 moves exactly what it says (a shortfall reverts). Liveness rests on
/// nobody: sales credit balances that each payee withdraws alone. Content roots and statements are SHA-256.
interface IAssets {
    /// @notice What an asset is: 1 data, 2 derived data, 3 model, 4 service.
    enum Kind {
        None,
        Data,
        Derived,
        Model,
        Service
    }

    /// @notice Active: on sale. OrderingDisabled: no new sale, access stays. Retired: for good, and no new child.
    enum State {
        Active,
        OrderingDisabled,
        Retired
    }

    /// @notice What a publisher declares.
    /// @param kind Data, Derived, Model or Service.
    /// @param root SHA-256 content root, not zero.
    /// @param statement SHA-256 of the signed provenance statement (canonical JSON).
    /// @param price Price of access, in the ledger's ERC-20 units; 0 means free.
    /// @param royaltyBps Share of every descendant's revenue asked by this asset, 0..10,000.
    /// @param parents Assets it comes from, at most 16, each once, none retired.
    /// @param uri Where a copy may be had; recorded in the event only.
    struct Publication {
        Kind kind;
        bytes32 root;
        bytes32 statement;
        uint128 price;
        uint16 royaltyBps;
        uint256[] parents;
        string uri;
    }

    /// @notice What the chain remembers of an asset.
    struct Asset {
        address publisher;
        Kind kind;
        State state;
        uint16 royaltyBps;
        uint128 price;
        bytes32 root;
        bytes32 statement;
    }

    event Published(
        uint256 indexed id,
        address indexed publisher,
        bytes32 indexed root,
        Kind kind,
        bytes32 statement,
        uint128 price,
        uint16 royaltyBps,
        uint256[] parents,
        string uri
    );
    /// @notice `price` was paid by `buyer` for access of `to`; one Credited per payee follows when price > 0.
    event Bought(uint256 indexed id, address indexed buyer, address indexed to, uint128 price);
    /// @notice `amount` of a sale of `id` went to the owner of `payee` (`id` itself or an ancestor).
    event Credited(uint256 indexed id, uint256 indexed payee, address indexed owner, uint256 amount);
    event Withdrawn(address indexed owner, uint256 amount);
    event Repriced(uint256 indexed id, uint128 price);
    event StateChanged(uint256 indexed id, State state);

    error UnknownAsset(uint256 id);
    error AlreadyPublished(uint256 existingId);
    error UnknownKind();
    error EmptyRoot();
    error RoyaltyTooHigh(uint256 bps);
    error TooManyParents(uint256 count);
    error TooManyAncestors(uint256 count);
    error DuplicateParent(uint256 id);
    error RetiredParent(uint256 id);
    /// @notice All shares of the lineage together pass 100 %.
    error RoyaltyStackTooHigh(uint256 bps);
    error NotOwner(uint256 id, address caller);
    error NotForSale(uint256 id, State state);
    error PriceAbove(uint256 id, uint256 price, uint256 maxPrice);
    error AlreadyHasAccess(uint256 id, address who);
    error PaymentShort(uint256 expected, uint256 received);
    error NothingToWithdraw(address owner);
    error RetiredIsFinal(uint256 id);

    /// @notice Registers an asset for the caller and mints its token.
    /// @return id Sequential id, from 1.
    function publish(Publication calldata publication) external returns (uint256 id);

    /// @notice Pays the price (ERC-20 allowance of the caller) and records access of `to`, without end.
    /// @dev The owner's own access is implied. `maxPrice` guards against a repricing in between.
    function buy(uint256 id, address to, uint256 maxPrice) external;

    /// @notice Sends the caller everything sales have credited to it.
    function withdraw() external returns (uint256 amount);

    /// @notice Changes the price of future sales; owner only.
    function setPrice(uint256 id, uint128 price) external;

    /// @notice Changes the state; owner only; Retired is for good.
    function setState(uint256 id, State state) external;

    function asset(uint256 id) external view returns (Asset memory);

    function exists(uint256 id) external view returns (bool);

    /// @notice Id of the asset that `publisher` published with `root`; 0 when none.
    function idOf(address publisher, bytes32 root) external view returns (uint256);

    /// @notice Whether `who` owns the asset, bought it, or it is free and on sale.
    function hasAccess(uint256 id, address who) external view returns (bool);

    /// @notice Every payee of the asset's revenue: ancestors with their shares, then the asset itself with the rest.
    /// @return ids Asset ids; the last one is `id`.
    /// @return bps Shares in basis points; they add up to 10,000.
    function splitOf(uint256 id) external view returns (uint256[] memory ids, uint256[] memory bps);

    /// @notice `amount` divided among the present owners: ancestors' parts rounded down, the remainder to the asset's owner.
    /// @return owners Owners in the order of `splitOf`; an owner may appear twice.
    /// @return amounts Parts; they add up to `amount`.
    function payees(uint256 id, uint256 amount) external view returns (address[] memory owners, uint256[] memory amounts);

    /// @notice What `withdraw` would send to `owner`.
    function balance(address owner) external view returns (uint256);

    /// @notice The ERC-20 in which prices are paid.
    function token() external view returns (address);

    /// @notice Number of assets published; ids are 1..count.
    function count() external view returns (uint256);
}
