// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IReferee} from "./IReferee.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {TensorReader} from "./TensorReader.sol";

/// @notice The bytes of elements [from, from + count) of operand `i`, whose elements have `width` bytes: all that is opened of it.
function readPart(
    IReferee.Case calldata x,
    uint256 i,
    uint256 width,
    uint256 from,
    uint256 count,
    MerkleTensor.Opening[][] calldata lists
) view returns (bytes memory data) {
    TensorReader.Reader memory r = TensorReader.open(x, i, width, lists);
    data = TensorReader.range(r, from, count);
    TensorReader.close(r);
}
