// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {MerkleTensor} from "./MerkleTensor.sol";
import {Referee} from "./Referee.sol";

/// @title A referee one of whose operators is an exact sum of integers
/// @notice Its state is the sum so far, in one word; any range of the terms is added to it.
abstract contract SumReferee is Referee {
    /// @dev The operator whose elements are sums.
    function _summed() internal pure virtual returns (uint16);

    /// @dev Number of terms of an element of `_summed`.
    function _count(Case calldata x) internal pure virtual returns (uint256);

    /// @dev `sum` and the terms first <= k < last.
    function _sum(Case calldata x, uint256 first, uint256 last, int256 sum, MerkleTensor.Opening[][] calldata lists)
        internal
        view
        virtual
        returns (int256);

    /// @dev The whole sum at once.
    function _whole(Case calldata x, MerkleTensor.Opening[][] calldata lists) internal view returns (uint256) {
        return uint256(_sum(x, 0, _count(x), 0, lists));
    }

    function _terms(Case calldata x) internal pure override returns (uint256) {
        return x.op == _summed() ? _count(x) : 0;
    }

    function _stateWords(uint16 op) internal pure override returns (uint256) {
        return op == _summed() ? 1 : 0;
    }

    function _partial(
        Case calldata x,
        uint256 first,
        uint256 last,
        uint256[] memory state,
        MerkleTensor.Opening[][] calldata lists
    ) internal view override {
        state[0] = uint256(_sum(x, first, last, int256(state[0]), lists));
    }

    function _finish(uint16, uint256[] memory state) internal pure override returns (uint256) {
        return state[0];
    }
}
