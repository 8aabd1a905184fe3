// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IReferee} from "./IReferee.sol";

/// @title Which referee settles which operator
/// @notice Fixed when it is deployed and nobody's afterwards, so that a claim which names a set knows its judges. More operators
/// are a new set.
contract RefereeSet {
    /// @notice The operator has a referee already, or `referee` is no contract that handles it.
    error NotSettable(uint16 op, address referee);
    /// @notice No referee of this set settles the operator.
    error NoReferee(uint16 op);

    event RefereeSetFor(uint16 indexed op, IReferee indexed referee);

    mapping(uint16 op => IReferee) private _referees;

    /// @param ops Operator numbers.
    /// @param referees For each the contract that settles it.
    constructor(uint16[] memory ops, IReferee[] memory referees) {
        for (uint256 i = 0; i < ops.length; i++) {
            (uint16 op, IReferee referee) = (ops[i], referees[i]);
            if (address(_referees[op]) != address(0)) revert NotSettable(op, address(referee));
            if (!referee.handles(op)) revert NotSettable(op, address(referee));
            _referees[op] = referee;
            emit RefereeSetFor(op, referee);
        }
    }

    /// @notice The contract that settles an operator; reverts with NoReferee when there is none.
    function refereeOf(uint16 op) external view returns (IReferee referee) {
        referee = _referees[op];
        if (address(referee) == address(0)) revert NoReferee(op);
    }

    /// @notice Whether an operator has a referee here.
    function has(uint16 op) external view returns (bool) {
        return address(_referees[op]) != address(0);
    }
}
