// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";

/// @title Leaves of a dispute program
/// @notice A program is committed as the RFC 6962 root over a header, one leaf per value in topological order, and one per named
/// output. A leaf is the ABI encoding of its domain and struct. Twin: engine `commit/programRoot.ts`.
/// @dev Value `k` stands at leaf `1 + k`, output `o` at leaf `1 + values + o`. The header binds the counts: open it first.
library ProgramLeaf {
    bytes32 internal constant HEADER = "assay/program/1";
    bytes32 internal constant VALUE = "assay/value/1";
    bytes32 internal constant OUTPUT = "assay/output/1";

    /// @notice Kinds of values.
    uint8 internal constant DATA = 0;
    uint8 internal constant PARAM = 1;
    uint8 internal constant STATE = 2;
    uint8 internal constant CONSTANT = 3;
    uint8 internal constant NODE = 4;

    /// @notice Counts: all values, parameters and states among them, data inputs among them, named outputs.
    struct Header {
        uint256 values;
        uint256 states;
        uint256 data;
        uint256 outputs;
    }

    /// @notice One value.
    struct Value {
        uint8 kind;
        uint16 op; // of a node: `Ops.sol`
        uint8 dtype; // 0 binary32, 1 int8, 2 int32, 3 int64, 4 an ensemble of trees
        uint256 slot; // place among data inputs, or among parameters and states in the order of the state's root
        string name;
        uint256[] shape;
        uint256[] inputs; // of a node: indices of its operands, all below its own
        int256[] attrs;
        bytes32 root; // of a constant: its tensor's root
        uint256 update; // of a parameter or state: 0 when it stays, else 1 + index of the value it takes after the step
    }

    /// @notice A named output.
    struct Output {
        string name;
        uint256 value;
    }

    /// @notice Whether the program under `root` has this header.
    function hasHeader(bytes32 root, Header calldata header, bytes32[] calldata path) internal view returns (bool) {
        return Merkle.verifyInclusion(root, _leaves(header), 0, Merkle.leafHash(abi.encode(HEADER, header)), path);
    }

    /// @notice Whether value `index` of the program under `root`, whose header was settled before, is this one.
    function hasValue(
        bytes32 root,
        Header memory header,
        uint256 index,
        Value calldata value,
        bytes32[] calldata path
    ) internal view returns (bool) {
        if (index >= header.values) return false;
        return Merkle.verifyInclusion(root, _leaves(header), 1 + index, Merkle.leafHash(abi.encode(VALUE, value)), path);
    }

    /// @notice Whether output `index` of the program under `root`, whose header was settled before, is this one.
    function hasOutput(
        bytes32 root,
        Header memory header,
        uint256 index,
        Output calldata output,
        bytes32[] calldata path
    ) internal view returns (bool) {
        if (index >= header.outputs) return false;
        bytes32 leaf = Merkle.leafHash(abi.encode(OUTPUT, output));
        return Merkle.verifyInclusion(root, _leaves(header), 1 + header.values + index, leaf, path);
    }

    function _leaves(Header memory header) private pure returns (uint256) {
        return 1 + header.values + header.outputs;
    }
}
