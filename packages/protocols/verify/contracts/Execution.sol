// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Name of "this job gives this result" for courts and registries (rule D15); twin: `executionHash` of `src/job.ts`
library Execution {
    function hash(bytes32 job, bytes32 result) internal pure returns (bytes32) {
        return keccak256(abi.encode(bytes32("assay/execution/1"), job, result));
    }
}
