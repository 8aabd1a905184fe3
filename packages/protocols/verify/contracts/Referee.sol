// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";

/// @title What all referees have in common
/// @notice Checks the case's outline and hands the openings, still in calldata, to the verdict library.
abstract contract Referee is IReferee {
    /// @inheritdoc IReferee
    function element(Case calldata x, bytes calldata openings) external view returns (uint256 bits) {
        return _element(x, _begin(x, openings));
    }

    /// @inheritdoc IReferee
    function partialSums(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] calldata sums,
        bytes calldata openings
    ) external view returns (uint256[] memory) {
        MerkleTensor.Opening[][] calldata lists = _begin(x, openings);
        uint256 length = _terms(x);
        if (first >= last || last > length) revert NoSuchRange(first, last, length);
        uint256 width = _stateWords(x.op);
        if (sums.length != (first == 0 ? 0 : width)) revert NoSuchRange(first, last, length);
        uint256[] memory state = new uint256[](width);
        for (uint256 i = 0; i < sums.length; i++) state[i] = sums[i];
        _partial(x, first, last, state, lists);
        return state;
    }

    /// @inheritdoc IReferee
    function finish(uint16 op, uint256[] calldata sums) external view returns (uint256 bits) {
        if (_stateWords(op) == 0 || sums.length != _stateWords(op)) revert NoSuchRange(0, 0, 0);
        return _finish(op, sums);
    }

    /// @inheritdoc IReferee
    function terms(Case calldata x) external view returns (uint256) {
        return _terms(x);
    }

    /// @inheritdoc IReferee
    function handles(uint16 op) public view virtual returns (bool);

    function _element(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view virtual returns (uint256);

    function _terms(Case calldata) internal view virtual returns (uint256) {
        return 0;
    }

    function _stateWords(uint16) internal view virtual returns (uint256) {
        return 0;
    }

    /// @dev Adds the terms first <= k < last to `state`.
    function _partial(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] memory state,
        MerkleTensor.Opening[][] calldata lists
    ) internal view virtual {}

    function _finish(uint16, uint256[] memory) internal view virtual returns (uint256) {
        return 0;
    }

    function _begin(Case calldata x, bytes calldata openings)
        private
        view
        returns (MerkleTensor.Opening[][] calldata lists)
    {
        if (!handles(x.op)) revert UnknownOp(x.op);
        uint256 size = MerkleTensor.sizeOf(x.shape);
        if (x.index >= size) revert OutOfResult(x.index, size);
        uint256 count = x.operands.length;
        if (openings.length < 64) revert MerkleTensor.WrongOpenings(0, count);
        uint256 head;
        // `abi.encode(Opening[][])`: the list's place, then the list; Solidity checks the inner places when they are used.
        assembly ("memory-safe") {
            head := calldataload(openings.offset)
            lists.offset := add(openings.offset, 0x40)
            lists.length := calldataload(add(openings.offset, 0x20))
        }
        if (head != 32 || lists.length != count) revert MerkleTensor.WrongOpenings(lists.length, count);
    }
}
