// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Referee of one element
/// @notice Recomputes one element of one operator's result from opened operands. A referee holds no state and takes no side:
/// operator, attributes, shapes and roots come from commitments that the caller has settled before; only `openings`
/// may come from a party, and nothing in them is believed that does not hash to an operand's root.
/// @dev A call reverts when the openings are not exactly the leaves that the element needs (then the caller's party has
/// brought the wrong ones) or when operator, shapes and attributes do not fit together (then the program is not sound).
/// Twin of the openings: `src/openings.ts`.
interface IReferee {
    /// @notice A committed operand: its tensor's root (`MerkleTensor`) and its shape.
    struct Operand {
        bytes32 root;
        uint256[] shape;
    }

    /// @notice One element of one operator's result, all from commitments.
    struct Case {
        uint16 op; // `Ops.sol`
        int256[] attrs; // the operator's attributes as integers
        Operand[] operands; // in the operator's order
        uint256[] shape; // of the result; a referee reverts with Unfit when it does not follow from the operands
        uint256 index; // row-major
    }

    /// @notice The operator is not this referee's.
    error UnknownOp(uint16 op);
    /// @notice Operator, attributes and shapes do not fit together.
    error Unfit(uint16 op);
    /// @notice The element lies outside the result.
    error OutOfResult(uint256 index, uint256 size);
    /// @notice The operator's element is not settled in pieces, or the range lies outside its reduction.
    error NoSuchRange(uint256 first, uint256 last, uint256 length);

    /// @notice The element.
    /// @param openings `abi.encode(MerkleTensor.Opening[][])`: per operand the leaves in the order in which they are read, one
    /// for each change of leaf.
    /// @return bits Of binary32 the bit pattern, NaN canonical; of an integer its two's complement in 256 bits.
    function element(Case calldata x, bytes calldata openings) external view returns (uint256 bits);

    /// @notice The running state of a long reduction after the terms first <= k < last; openings hold these terms only.
    /// @param sums State after the terms before `first`; empty when `first` is 0. One word for a product or a column
    /// sum, 16 lanes for a row sum.
    /// @return The state after term `last - 1`. When `last` is the reduction's length, `finish` makes it the element.
    function partialSums(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] calldata sums,
        bytes calldata openings
    ) external view returns (uint256[] memory);

    /// @notice The element that the state after all terms gives.
    function finish(uint16 op, uint256[] calldata sums) external view returns (uint256 bits);

    /// @notice Number of terms of the element's reduction; 0 for an operator that is always settled at once.
    function terms(Case calldata x) external view returns (uint256);

    /// @notice Whether this referee settles the operator.
    function handles(uint16 op) external view returns (bool);
}
