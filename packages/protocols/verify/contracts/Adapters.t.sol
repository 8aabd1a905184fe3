// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {Test} from "@base/testkit/contracts/Test.sol";
import {Court} from "./Court.sol";
import {Evaluator, IJobEscrow} from "./Evaluator.sol";
import {Execution} from "./Execution.sol";
import {IDisputes} from "./IDisputes.sol";
import {IValidationRegistry, Validator} from "./Validator.sol";

contract StubClaims {
    mapping(bytes32 => IDisputes.ClaimStatus) public held;

    function set(address who, uint64 stand, bytes32 job, bytes32 result, IDisputes.ClaimStatus status) external {
        held[keccak256(abi.encode(who, stand, job, result))] = status;
    }

    function statusOf(address who, uint64 stand, bytes32 job, bytes32 result)
        external
        view
        returns (IDisputes.ClaimStatus)
    {
        return held[keccak256(abi.encode(who, stand, job, result))];
    }
}

contract StubRegistry is IValidationRegistry {
    mapping(bytes32 => address) public validators;
    mapping(bytes32 => uint256) public agents;
    mapping(bytes32 => uint8) public responses;
    mapping(bytes32 => string) public tags;

    function validationRequest(address validator, uint256 agentId, string calldata, bytes32 requestHash) external {
        (validators[requestHash], agents[requestHash]) = (validator, agentId);
    }

    function getValidationStatus(bytes32 h)
        external
        view
        returns (address, uint256, uint8, bytes32, string memory, uint256)
    {
        return (validators[h], agents[h], responses[h], 0, tags[h], 0);
    }

    function validationResponse(bytes32 h, uint8 response, string calldata, bytes32, string calldata tag) external {
        require(msg.sender == validators[h]);
        (responses[h], tags[h]) = (response, tag);
    }
}

contract StubEscrow is IJobEscrow {
    mapping(uint256 => bytes32) public completed;
    mapping(uint256 => bytes32) public rejected;

    function complete(uint256 jobId, bytes32 reason, bytes calldata) external {
        completed[jobId] = reason;
    }

    function reject(uint256 jobId, bytes32 reason, bytes calldata) external {
        rejected[jobId] = reason;
    }
}

contract AdaptersTest is Test {
    StubClaims internal claims;
    IDisputes internal disputes;
    bytes32 internal constant JOB = keccak256("job");
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");
    address internal constant ONE = address(0x1111);
    address internal constant TWO = address(0x2222);

    function setUp() public {
        claims = new StubClaims();
        disputes = IDisputes(address(claims));
        _set(ONE, RIGHT, IDisputes.ClaimStatus.STANDING);
        _set(TWO, WRONG, IDisputes.ClaimStatus.STANDING);
    }

    function _set(address who, bytes32 result, IDisputes.ClaimStatus status) private {
        claims.set(who, 7, JOB, result, status);
    }

    function _open(Court court, bytes32 defence, bytes32 claim) private returns (uint256) {
        return court.open("subject", defence, claim, ONE, TWO, abi.encode(JOB, uint64(7), RIGHT, uint64(7), WRONG));
    }

    /// @dev D15.
    function test_courtRulesAsTheClaimsEnd() public {
        Court court = new Court(disputes);
        uint256 id = _open(court, Execution.hash(JOB, RIGHT), Execution.hash(JOB, WRONG));
        assertTrue(court.ruling(id) == IArbiter.Ruling.Pending);
        court.settle(id);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Pending);
        _set(TWO, WRONG, IDisputes.ClaimStatus.DEFEATED);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Pending);
        _set(ONE, RIGHT, IDisputes.ClaimStatus.FINAL);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Defence);
        court.settle(id);
        _set(ONE, RIGHT, IDisputes.ClaimStatus.NONE);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Defence);
    }

    function test_courtKnowsAllFourEnds() public {
        IDisputes.ClaimStatus f = IDisputes.ClaimStatus.FINAL;
        IDisputes.ClaimStatus d = IDisputes.ClaimStatus.DEFEATED;
        assertTrue(_ends(f, d) == IArbiter.Ruling.Defence);
        assertTrue(_ends(d, f) == IArbiter.Ruling.Claim);
        assertTrue(_ends(d, d) == IArbiter.Ruling.Neither);
        assertTrue(_ends(f, f) == IArbiter.Ruling.Refused);
    }

    function _ends(IDisputes.ClaimStatus one, IDisputes.ClaimStatus two) private returns (IArbiter.Ruling) {
        setUp();
        Court court = new Court(disputes);
        uint256 id = _open(court, Execution.hash(JOB, RIGHT), Execution.hash(JOB, WRONG));
        _set(ONE, RIGHT, one);
        _set(TWO, WRONG, two);
        return court.ruling(id);
    }

    function test_courtOpensOnlyForStandingClaimsUnderTheirNames() public {
        Court court = new Court(disputes);
        vm.expectRevert(abi.encodeWithSelector(Court.NotClaimed.selector, ONE));
        _open(court, Execution.hash(JOB, WRONG), Execution.hash(JOB, WRONG));
        _set(TWO, WRONG, IDisputes.ClaimStatus.FINAL);
        vm.expectRevert(abi.encodeWithSelector(Court.NotClaimed.selector, TWO));
        _open(court, Execution.hash(JOB, RIGHT), Execution.hash(JOB, WRONG));
        vm.expectRevert(abi.encodeWithSelector(IArbiter.UnknownDispute.selector, uint256(1)));
        court.ruling(1);
    }

    /// @dev D16.
    function test_validatorAnswersOnceTheClaimIsDecided() public {
        StubRegistry registry = new StubRegistry();
        Validator validator = new Validator(disputes, registry);
        bytes32 asked = validator.requestHash(5, ONE, 7, JOB, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(Validator.NotAsked.selector, asked));
        validator.respond(5, ONE, 7, JOB, RIGHT, "");
        registry.validationRequest(address(validator), 5, "", asked);
        vm.expectRevert(abi.encodeWithSelector(Validator.NotDecided.selector, IDisputes.ClaimStatus.STANDING));
        validator.respond(5, ONE, 7, JOB, RIGHT, "");
        _set(ONE, RIGHT, IDisputes.ClaimStatus.FINAL);
        validator.respond(5, ONE, 7, JOB, RIGHT, "");
        assertEq(registry.responses(asked), 100);
        _set(ONE, RIGHT, IDisputes.ClaimStatus.DEFEATED);
        validator.respond(5, ONE, 7, JOB, RIGHT, "");
        assertEq(registry.responses(asked), 0);
        assertTrue(validator.requestHash(6, ONE, 7, JOB, RIGHT) != asked);
    }

    /// @dev D17.
    function test_evaluatorPaysForAFinalClaimOnly() public {
        StubEscrow escrow = new StubEscrow();
        Evaluator evaluator = new Evaluator(disputes, ONE, JOB);
        vm.expectRevert(abi.encodeWithSelector(Evaluator.NotDecided.selector, IDisputes.ClaimStatus.STANDING));
        evaluator.evaluate(escrow, 3, 7, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(Evaluator.NotDecided.selector, IDisputes.ClaimStatus.NONE));
        evaluator.evaluate(escrow, 3, 7, WRONG);
        _set(ONE, RIGHT, IDisputes.ClaimStatus.FINAL);
        evaluator.evaluate(escrow, 3, 7, RIGHT);
        assertEq(escrow.completed(3), Execution.hash(JOB, RIGHT));
        _set(ONE, RIGHT, IDisputes.ClaimStatus.DEFEATED);
        evaluator.evaluate(escrow, 4, 7, RIGHT);
        assertEq(escrow.rejected(4), Execution.hash(JOB, RIGHT));
    }
}
