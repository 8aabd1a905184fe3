// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Wad} from "@base/units/contracts/Wad.sol";

/// @title The payout formula (C3): how much of the sum insured a measured ratio pays
/// @notice All ratios and shares are WAD: 1e18 is 100 %. src/payout.ts is the twin; the vectors of both are in
/// test/payout.vectors.json.
library Payout {
    uint256 internal constant WAD = 1e18;

    /// @notice Share of the sum insured: 0 from `trigger` up, `tsi` from `exit` down, a straight line between; rounds down.
    /// @dev Needs exit < trigger and tsi <= 1e18 (CoverRules checks both when a risk is created).
    function share(uint256 ratio, uint256 trigger, uint256 exit, uint256 tsi) internal pure returns (uint256) {
        if (ratio >= trigger) return 0;
        if (ratio <= exit) return tsi;
        return Wad.mulDivDown(tsi, trigger - ratio, trigger - exit);
    }

    /// @notice What a policy of `sumInsured` gets of `share_`, in units of the asset; rounds down.
    function amount(uint256 sumInsured, uint256 share_) internal pure returns (uint256) {
        return Wad.mulDown(sumInsured, share_);
    }

    /// @notice A rate on the sum insured, in units of the asset; rounds up.
    function amountUp(uint256 sumInsured, uint256 rate) internal pure returns (uint256) {
        return Wad.mulUp(sumInsured, rate);
    }

    /// @notice The oracle's output as a ratio in [0, 1e18].
    function clamp(int256 output) internal pure returns (uint256) {
        if (output <= 0) return 0;
        return uint256(output) > WAD ? WAD : uint256(output);
    }
}
