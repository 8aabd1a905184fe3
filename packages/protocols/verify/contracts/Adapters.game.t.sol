// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {Court} from "./Court.sol";
import {DisputesTest} from "./DisputesTest.t.sol";
import {Evaluator, IJobEscrow} from "./Evaluator.sol";
import {Execution} from "./Execution.sol";
import {IValidationRegistry, Validator} from "./Validator.sol";

/// @notice A registry of validations by the text of ERC-8004: an agent's owner asks, the named validator answers.
contract ValidationRegistry is IValidationRegistry {
    struct Asked {
        address validator;
        uint256 agentId;
        uint8 response;
        bytes32 responseHash;
        string tag;
        uint256 lastUpdate;
    }

    mapping(uint256 agentId => address) public ownerOf;
    mapping(bytes32 requestHash => Asked) private _asked;

    event ValidationRequest(address indexed validator, uint256 indexed agentId, string uri, bytes32 indexed requestHash);
    event ValidationResponse(
        address indexed validator, uint256 indexed agentId, bytes32 indexed requestHash, uint8 response, string uri, bytes32 hash, string tag
    );

    function register(uint256 agentId) external {
        require(ownerOf[agentId] == address(0), "taken");
        ownerOf[agentId] = msg.sender;
    }

    function validationRequest(address validator, uint256 agentId, string calldata uri, bytes32 requestHash) external {
        require(ownerOf[agentId] == msg.sender, "not the agent's owner");
        require(validator != address(0) && _asked[requestHash].validator == address(0), "taken");
        _asked[requestHash] = Asked(validator, agentId, 0, 0, "", block.timestamp);
        emit ValidationRequest(validator, agentId, uri, requestHash);
    }

    function validationResponse(bytes32 requestHash, uint8 response, string calldata uri, bytes32 hash, string calldata tag)
        external
    {
        Asked storage asked = _asked[requestHash];
        require(asked.validator == msg.sender && response <= 100, "not the validator");
        (asked.response, asked.responseHash, asked.tag, asked.lastUpdate) = (response, hash, tag, block.timestamp);
        emit ValidationResponse(msg.sender, asked.agentId, requestHash, response, uri, hash, tag);
    }

    function getValidationStatus(bytes32 requestHash)
        external
        view
        returns (address, uint256, uint8, bytes32, string memory, uint256)
    {
        Asked memory a = _asked[requestHash];
        require(a.validator != address(0), "unknown");
        return (a.validator, a.agentId, a.response, a.responseHash, a.tag, a.lastUpdate);
    }
}

/// @notice A job escrow by the text of ERC-8183: Open, Funded, Submitted, then Completed, Rejected or Expired.
contract JobEscrow is IJobEscrow {
    enum State {
        Open,
        Funded,
        Submitted,
        Completed,
        Rejected,
        Expired
    }

    struct Job {
        address client;
        address provider;
        address evaluator;
        uint256 budget;
        uint256 expiredAt;
        State state;
        bytes32 deliverable;
        bytes32 reason;
    }

    IERC20 private immutable _token;
    Job[] public jobs;

    constructor(IERC20 token) {
        _token = token;
    }

    function createJob(address provider, address evaluator, uint256 expiredAt) external returns (uint256 jobId) {
        require(expiredAt > block.timestamp && evaluator != address(0), "no job");
        jobs.push(Job(msg.sender, provider, evaluator, 0, expiredAt, State.Open, 0, 0));
        return jobs.length - 1;
    }

    function setBudget(uint256 jobId, uint256 amount) external {
        Job storage j = jobs[jobId];
        require(j.state == State.Open && (msg.sender == j.client || msg.sender == j.provider), "not open");
        j.budget = amount;
    }

    function fund(uint256 jobId, uint256 expected) external {
        Job storage j = jobs[jobId];
        require(j.state == State.Open && msg.sender == j.client && j.budget == expected, "not fundable");
        j.state = State.Funded;
        require(_token.transferFrom(msg.sender, address(this), j.budget));
    }

    function submit(uint256 jobId, bytes32 deliverable) external {
        Job storage j = jobs[jobId];
        require(j.state == State.Funded && msg.sender == j.provider, "not funded");
        (j.state, j.deliverable) = (State.Submitted, deliverable);
    }

    function complete(uint256 jobId, bytes32 reason, bytes calldata) external {
        Job storage j = jobs[jobId];
        require(j.state == State.Submitted && msg.sender == j.evaluator, "not the evaluator");
        (j.state, j.reason) = (State.Completed, reason);
        require(_token.transfer(j.provider, j.budget));
    }

    function reject(uint256 jobId, bytes32 reason, bytes calldata) external {
        Job storage j = jobs[jobId];
        bool early = j.state == State.Open && msg.sender == j.client;
        bool judged = (j.state == State.Funded || j.state == State.Submitted) && msg.sender == j.evaluator;
        require(early || judged, "not the evaluator");
        bool paid = j.state != State.Open;
        (j.state, j.reason) = (State.Rejected, reason);
        if (paid) require(_token.transfer(j.client, j.budget));
    }
}

/// @notice The adapters over real claims and games, with escrow and registry by the text of their standards.
contract AdaptersGameTest is DisputesTest {
    bytes32 internal constant RIGHT = keccak256("right");
    bytes32 internal constant WRONG = keccak256("wrong");
    address internal constant CLIENT = address(0xC0);

    function setUp() public {
        _deploy();
        token.faucet(CLIENT, 1_000e18);
    }

    function _post(address who, bytes32 result) private {
        vm.prank(who);
        game.post(1, _hash(), result, 0);
    }

    /// @dev D16: 100 for a claim that stood its window, 0 for one that fell in a game.
    function test_aValidationRequestIsAnswered() public {
        ValidationRegistry registry = new ValidationRegistry();
        Validator validator = new Validator(game, registry);
        assertEq(_validated(registry, validator, RIGHT, false), 100);
        assertEq(_validated(registry, validator, WRONG, true), 0);
    }

    function _validated(ValidationRegistry registry, Validator validator, bytes32 result, bool falls)
        private
        returns (uint8 response)
    {
        uint256 agentId = uint256(result);
        _post(defender, result);
        bytes32 asked = validator.requestHash(agentId, defender, 1, _hash(), result);
        vm.startPrank(defender);
        registry.register(agentId);
        registry.validationRequest(address(validator), agentId, "", asked);
        vm.stopPrank();
        if (falls) _defeat(defender, 1, result, challenger);
        else vm.warp(vm.getBlockTimestamp() + 1 hours + 1);
        validator.respond(agentId, defender, 1, _hash(), result, "ipfs://why");
        bytes32 hash;
        string memory tag;
        (,, response, hash, tag,) = registry.getValidationStatus(asked);
        assertEq(hash, Execution.hash(_hash(), result));
        assertEq(bytes32(bytes(tag)), bytes32("assay/dispute/1"));
    }

    /// @dev D17: the provider is paid for a claim that stood, the client gets its money back for one that fell.
    function test_aJobIsPaidOrGivenBack() public {
        JobEscrow escrow = new JobEscrow(token);
        Evaluator evaluator = new Evaluator(game, defender, _hash());
        uint256 before = token.balanceOf(defender);
        uint256 paid = _ordered(escrow, evaluator);
        _post(defender, RIGHT);
        vm.prank(defender);
        escrow.submit(paid, Execution.hash(_hash(), RIGHT));
        vm.warp(vm.getBlockTimestamp() + 1 hours + 1);
        evaluator.evaluate(escrow, paid, 1, RIGHT);
        assertEq(token.balanceOf(defender), before + 100e18);

        uint256 back = _ordered(escrow, evaluator);
        _post(defender, WRONG);
        vm.prank(defender);
        escrow.submit(back, Execution.hash(_hash(), WRONG));
        _defeat(defender, 1, WRONG, challenger);
        evaluator.evaluate(escrow, back, 1, WRONG);
        assertEq(token.balanceOf(defender), before + 100e18);
        assertEq(token.balanceOf(CLIENT), 900e18);
        (,,,,, JobEscrow.State state,, bytes32 reason) = escrow.jobs(back);
        assertTrue(state == JobEscrow.State.Rejected);
        assertEq(reason, Execution.hash(_hash(), WRONG));
    }

    function _ordered(JobEscrow escrow, Evaluator evaluator) private returns (uint256 id) {
        vm.startPrank(CLIENT);
        id = escrow.createJob(defender, address(evaluator), vm.getBlockTimestamp() + 1 days);
        escrow.setBudget(id, 100e18);
        token.approve(address(escrow), 100e18);
        escrow.fund(id, 100e18);
        vm.stopPrank();
    }

    /// @dev D15.
    function test_theCourtRulesAsTheGameEnds() public {
        Court court = new Court(game);
        _post(defender, WRONG);
        _post(challenger, RIGHT);
        bytes memory context = abi.encode(_hash(), uint64(1), WRONG, uint64(1), RIGHT);
        bytes32 one = Execution.hash(_hash(), WRONG);
        bytes32 two = Execution.hash(_hash(), RIGHT);
        uint256 id = court.open("subject", one, two, defender, challenger, context);
        _defeat(defender, 1, WRONG, challenger);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Pending);
        vm.warp(vm.getBlockTimestamp() + 1 hours);
        court.settle(id);
        assertTrue(court.ruling(id) == IArbiter.Ruling.Claim);
    }
}
