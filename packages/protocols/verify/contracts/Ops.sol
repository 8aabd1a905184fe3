// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Numbers of operators
/// @notice Append-only: a number that was ever part of a program's root keeps its meaning. Twin: engine `commit/opcodes.ts`.
library Ops {
    // elements that only move
    uint16 internal constant RESHAPE = 1;
    uint16 internal constant TRANSPOSE = 2;
    uint16 internal constant PERMUTE = 3;
    uint16 internal constant FILL = 4;
    // elementwise, with broadcasting
    uint16 internal constant ADD = 16;
    uint16 internal constant SUB = 17;
    uint16 internal constant MUL = 18;
    uint16 internal constant DIV = 19;
    uint16 internal constant GATE = 20;
    uint16 internal constant RELU = 21;
    uint16 internal constant SQRT = 22;
    uint16 internal constant EXP = 23;
    uint16 internal constant LOG = 24;
    uint16 internal constant TANH = 25;
    uint16 internal constant SIGMOID = 26;
    uint16 internal constant SOFTPLUS = 27;
    uint16 internal constant CLIP = 28;
    // products; the right operand stands in its transposed layout
    uint16 internal constant MATMUL_T = 48;
    uint16 internal constant MATMUL_INT8_T = 49;
    uint16 internal constant REQUANTISE = 50;
    // reductions
    uint16 internal constant ROWSUM = 64;
    uint16 internal constant COLSUM_T = 65;
    uint16 internal constant ROWMAX_FINITE = 66;
    // sliding windows
    uint16 internal constant UNFOLD = 80;
    uint16 internal constant FOLD = 81;
    uint16 internal constant MAXPOOL = 82;
    uint16 internal constant AVGPOOL = 83;
    uint16 internal constant MAXPOOLGRAD = 84;
    // boosted trees, answering
    uint16 internal constant TREE_LEAF = 96;
    uint16 internal constant TREE_SCORE = 97;
    uint16 internal constant TREE_EXP = 98;
    uint16 internal constant TREE_ANSWER = 99;
    // boosted trees, growing
    uint16 internal constant HISTOGRAM = 112;
    uint16 internal constant SPLIT_OF_FEATURE = 113;
    uint16 internal constant BEST_SPLIT = 114;
}
