// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Job: what a run is asked to do (rule D2)
/// @notice Its hash is all that a claim names. Learning rate, loss and model are constants and operators of the program.
library JobLib {
    bytes32 internal constant DOMAIN = "assay/job/2";

    /// @notice A data input of the program, in order: the tensor of all samples and the elements of one.
    struct Data {
        bytes32 root;
        uint64 width;
    }

    /// @notice First value of a parameter or state: 0 all `bits`; 1 uniform below `bits` from Philox stream 1 at `index`;
    /// 2 the tensor of this root.
    struct Init {
        uint8 kind;
        uint32 bits;
        uint32 index;
        bytes32 root;
    }

    struct Job {
        bytes32 program;
        bytes32 init; // keccak256(abi.encode(Init[])), in the order of the state
        uint64 rows;
        uint64 batch;
        uint64 steps;
        uint64 stepsPerEpoch; // 0: the data is taken as it is, once
        uint64 seed;
        uint64 orderSeed;
        uint64 output; // 0: the result is the state after the last step; else 1 + the value that is the result
        Data[] data;
    }

    /// @notice keccak256(abi.encode(domain, job)).
    function hash(Job calldata job) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, job));
    }

    /// @notice Hash of first values.
    function initHash(Init[] calldata init) internal pure returns (bytes32) {
        return keccak256(abi.encode(init));
    }

    /// @notice Whether the numbers make sense; a claim about any other job is refuted at once.
    function sound(Job calldata job) internal pure returns (bool) {
        if (job.steps == 0 || job.steps > 2 ** 40 || job.batch == 0 || job.rows > 2 ** 32) return false;
        if (job.stepsPerEpoch == 0) return job.steps == 1 && job.batch == job.rows;
        if (job.stepsPerEpoch > 2 ** 32 || job.batch > 2 ** 32 || job.steps / job.stepsPerEpoch >= 2 ** 32) return false;
        return uint256(job.stepsPerEpoch) * job.batch <= job.rows;
    }
}
