// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Bonds} from "@records/bonds/contracts/Bonds.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IPanel} from "./IPanel.sol";

/// @title Panel: members re-execute, commit, reveal; the majority rules (see IPanel; rules R1.. of SPEC.md)
/// @dev Members are numbered by their place in the list fixed at creation, so a dispute's seats are bits of one word.
contract Panel is IPanel, Bonds {
    using SafeERC20 for IERC20;

    /// @inheritdoc IPanel
    bytes32 public constant UNAVAILABLE = keccak256("assay/unavailable");
    /// @dev A Case as it is stored: five slots.
    struct Stored {
        address client;
        uint40 commitDeadline;
        uint40 revealDeadline;
        uint16 seated;
        address claimant;
        uint8 commits;
        uint8 reveals;
        Ruling ruling;
        bytes32 subject;
        bytes32 defence;
        bytes32 claim;
    }

    uint256 private constant MAX_MEMBERS = 15;
    uint256 private constant MAX_PERIOD = 30 days;
    uint256 private constant BPS = 10_000;

    uint256 private immutable _quorum;
    uint96 private immutable _stake;
    uint96 private immutable _fee;
    uint32 private immutable _commitPeriod;
    uint32 private immutable _revealPeriod;
    uint32 private immutable _exitDelay;
    uint16 private immutable _penaltyBps;

    address[] private _members;
    /// @dev Place in the list plus one; 0 for everybody else.
    mapping(address member => uint256) private _places;
    /// @dev When a member may withdraw; 0 without notice.
    mapping(address member => uint256) private _exits;
    uint256 private _count;
    mapping(uint256 disputeId => Stored) private _cases;
    mapping(uint256 disputeId => mapping(address member => bytes32)) private _commitments;
    mapping(uint256 disputeId => mapping(address member => bytes32)) private _results;

    /// @param members_ Distinct, at most 15, none zero.
    /// @param quorum_ Equal results that decide: more than half of the members, at most all.
    constructor(IERC20 token_, address[] memory members_, uint256 quorum_, Terms memory t) Bonds(token_) {
        uint256 n = members_.length;
        if (n == 0 || n > MAX_MEMBERS) revert BadTerms("members");
        if (quorum_ * 2 <= n || quorum_ > n) revert BadTerms("quorum");
        if (t.stake == 0) revert BadTerms("stake");
        if (t.fee == 0) revert BadTerms("fee");
        if (t.commitPeriod == 0 || t.commitPeriod > MAX_PERIOD) revert BadTerms("commitPeriod");
        if (t.revealPeriod == 0 || t.revealPeriod > MAX_PERIOD) revert BadTerms("revealPeriod");
        if (t.exitDelay > MAX_PERIOD) revert BadTerms("exitDelay");
        if (t.penaltyBps == 0 || t.penaltyBps > BPS) revert BadTerms("penaltyBps");
        for (uint256 i; i < n; ++i) {
            if (members_[i] == address(0) || _places[members_[i]] != 0) revert BadTerms("members");
            _places[members_[i]] = i + 1;
        }
        _members = members_;
        _quorum = quorum_;
        _stake = t.stake;
        _fee = t.fee;
        _commitPeriod = t.commitPeriod;
        _revealPeriod = t.revealPeriod;
        _exitDelay = t.exitDelay;
        _penaltyBps = t.penaltyBps;
    }

    // ------------------------------------------------------------------ the court

    /// @inheritdoc IArbiter
    function open(
        bytes32 subject,
        bytes32 defence,
        bytes32 claim,
        address,
        address claimant,
        bytes calldata context
    ) external nonReentrant returns (uint256 disputeId) {
        if (defence == claim) revert SameResult(claim);
        if (defence == 0 || claim == 0) revert EmptyResult();

        disputeId = ++_count;
        Stored storage c = _cases[disputeId];
        c.client = msg.sender;
        c.subject = subject;
        c.defence = defence;
        c.claim = claim;
        c.commitDeadline = uint40(block.timestamp + _commitPeriod);
        c.revealDeadline = c.commitDeadline + _revealPeriod;
        c.seated = _seat();
        c.claimant = claimant;
        emit DisputeOpened(disputeId, msg.sender, subject, defence, claim, context);
        _takeFee();
    }

    /// @dev Seats every member who can put up the stake.
    function _seat() private returns (uint16 seated) {
        uint256 seats;
        uint256 n = _members.length;
        for (uint256 i; i < n; ++i) {
            address member = _members[i];
            (uint128 free,) = account(member);
            if (free < _stake) continue;
            _lock(member, _stake);
            seated |= uint16(1 << i);
            ++seats;
        }
        if (seats < _quorum) revert NotEnoughMembers(seats, _quorum);
    }

    /// @dev The fee waits in the contract, outside of every account, until the dispute is settled.
    function _takeFee() private {
        uint256 before = _token.balanceOf(address(this));
        _token.safeTransferFrom(msg.sender, address(this), _fee);
        uint256 received = _token.balanceOf(address(this)) - before;
        if (received < _fee) revert FeeShort(_fee, received);
    }

    /// @inheritdoc IArbiter
    function ruling(uint256 disputeId) external view returns (Ruling) {
        return _case(disputeId).ruling;
    }

    /// @inheritdoc IArbiter
    function fee() external view returns (uint256) {
        return _fee;
    }

    // ------------------------------------------------------------------ the members

    /// @inheritdoc IPanel
    function commit(uint256 disputeId, bytes32 commitment) external {
        Stored storage c = _case(disputeId);
        _expectSeated(disputeId, c.seated, msg.sender);
        if (block.timestamp > c.commitDeadline) revert CommitClosed(disputeId, c.commitDeadline);
        if (commitment == 0) revert EmptyResult();
        if (_commitments[disputeId][msg.sender] != 0) revert AlreadyCommitted(disputeId, msg.sender);

        _commitments[disputeId][msg.sender] = commitment;
        ++c.commits;
        emit Committed(disputeId, msg.sender, commitment);
    }

    /// @inheritdoc IPanel
    function reveal(uint256 disputeId, bytes32 result, bytes32 salt) external {
        Stored storage c = _case(disputeId);
        if (block.timestamp <= c.commitDeadline && c.commits < _bits(c.seated)) {
            revert RevealNotOpen(disputeId, c.commitDeadline);
        }
        if (block.timestamp > c.revealDeadline) revert RevealClosed(disputeId, c.revealDeadline);
        if (result == 0) revert EmptyResult();
        if (_results[disputeId][msg.sender] != 0) revert AlreadyRevealed(disputeId, msg.sender);
        if (_commitments[disputeId][msg.sender] != commitmentOf(disputeId, msg.sender, result, salt)) {
            revert CommitmentMismatch(disputeId, msg.sender);
        }

        _results[disputeId][msg.sender] = result;
        ++c.reveals;
        emit Revealed(disputeId, msg.sender, result);
    }

    /// @inheritdoc IPanel
    function settle(uint256 disputeId) external {
        Stored storage c = _case(disputeId);
        if (c.ruling != Ruling.Pending) revert AlreadyRuled(disputeId);
        if (block.timestamp <= c.revealDeadline && c.reveals < _bits(c.seated)) {
            revert TooEarly(disputeId, c.revealDeadline);
        }

        bytes32 majority = _majority(disputeId, c.seated);
        Ruling r = Ruling.Neither;
        if (majority == 0 || majority == UNAVAILABLE) r = Ruling.Refused;
        else if (majority == c.defence) r = Ruling.Defence;
        else if (majority == c.claim) r = Ruling.Claim;
        c.ruling = r;
        (uint256 reward, uint256 burnt) = _pay(disputeId, c, majority);
        emit Settled(disputeId, majority, r, reward, burnt);
        emit Ruled(disputeId, r);
    }

    /// @dev The result that at least `quorum` members revealed; 0 when there is none. More than half: at most one.
    function _majority(uint256 disputeId, uint256 seated) private view returns (bytes32) {
        bytes32[] memory results = _resultsOf(disputeId, seated);
        for (uint256 i; i < results.length; ++i) {
            if (results[i] == 0) continue;
            uint256 votes;
            for (uint256 j; j < results.length; ++j) {
                if (results[j] == results[i]) ++votes;
            }
            if (votes >= _quorum) return results[i];
        }
        return 0;
    }

    function _resultsOf(uint256 disputeId, uint256 seated) private view returns (bytes32[] memory results) {
        results = new bytes32[](_members.length);
        for (uint256 i; i < results.length; ++i) {
            if (seated & (1 << i) != 0) results[i] = _results[disputeId][_members[i]];
        }
    }

    /// @dev With a majority: it shares the fee and half of the penalties of all others. Without: the silent alone lose,
    /// those who revealed share, for nobody knows who was right. When nobody revealed, the claimant
    /// has the fee back (the client is a contract that could not withdraw it).
    function _pay(uint256 disputeId, Stored storage c, bytes32 majority)
        private
        returns (uint256 reward, uint256 burnt)
    {
        uint256 seated = c.seated;
        bytes32[] memory results = _resultsOf(disputeId, seated);
        uint256 winners;
        uint256 pot = _fee;
        for (uint256 i; i < results.length; ++i) {
            if (seated & (1 << i) == 0) continue;
            if (_won(results[i], majority)) {
                ++winners;
                continue;
            }
            uint256 penalty = uint256(_stake) * _penaltyBps / BPS;
            uint256 rest = _slash(_members[i], penalty);
            _unlock(_members[i], _stake - penalty, 0);
            pot += rest;
            burnt += penalty - rest;
        }
        if (winners == 0) {
            _credit(c.claimant, _fee);
            _credit(BURN, pot - _fee);
            return (0, burnt + pot - _fee);
        }
        reward = pot / winners;
        uint256 first = pot - reward * (winners - 1);
        for (uint256 i; i < results.length; ++i) {
            if (seated & (1 << i) == 0 || !_won(results[i], majority)) continue;
            _unlock(_members[i], _stake, first);
            first = reward;
        }
    }

    function _won(bytes32 result, bytes32 majority) private pure returns (bool) {
        return majority == 0 ? result != 0 : result == majority;
    }

    // ------------------------------------------------------------------ leaving

    /// @inheritdoc IPanel
    function announceExit() external {
        if (_places[msg.sender] == 0) revert NotMember(msg.sender);
        _exits[msg.sender] = block.timestamp + _exitDelay;
        emit ExitAnnounced(msg.sender, block.timestamp + _exitDelay);
    }

    /// @inheritdoc IPanel
    function cancelExit() external {
        if (_places[msg.sender] == 0) revert NotMember(msg.sender);
        _exits[msg.sender] = 0;
        emit ExitCancelled(msg.sender);
    }

    /// @dev What a member has beyond one stake is its own at any time; the stake needs notice.
    function _afterDebit(address who) internal view override {
        if (_places[who] == 0) return;
        (uint128 free,) = account(who);
        if (free >= _stake) return;
        uint256 exitAt = _exits[who];
        if (exitAt == 0 || block.timestamp <= exitAt) revert ExitNotReady(who, exitAt);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IPanel
    function commitmentOf(uint256 disputeId, address member, bytes32 result, bytes32 salt)
        public
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(block.chainid, address(this), disputeId, member, result, salt));
    }

    /// @inheritdoc IPanel
    function dispute(uint256 disputeId) external view returns (Case memory) {
        Stored memory c = _case(disputeId);
        return Case({
            client: c.client,
            subject: c.subject,
            defence: c.defence,
            claim: c.claim,
            commitDeadline: c.commitDeadline,
            revealDeadline: c.revealDeadline,
            seated: c.seated,
            commits: c.commits,
            reveals: c.reveals,
            ruling: c.ruling
        });
    }

    /// @inheritdoc IPanel
    function voteOf(uint256 disputeId, address member)
        external
        view
        returns (bool seated, bytes32 commitment, bytes32 result)
    {
        uint256 place = _places[member];
        seated = place != 0 && _case(disputeId).seated & (1 << (place - 1)) != 0;
        return (seated, _commitments[disputeId][member], _results[disputeId][member]);
    }

    /// @inheritdoc IPanel
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IPanel
    function quorum() external view returns (uint256) {
        return _quorum;
    }

    /// @inheritdoc IPanel
    function terms() external view returns (Terms memory) {
        return Terms(_stake, _fee, _commitPeriod, _revealPeriod, _exitDelay, _penaltyBps);
    }

    /// @inheritdoc IPanel
    function bonded() external view returns (uint256 n) {
        for (uint256 i; i < _members.length; ++i) {
            (uint128 free,) = account(_members[i]);
            if (free >= _stake) ++n;
        }
    }

    function _case(uint256 disputeId) private view returns (Stored storage c) {
        c = _cases[disputeId];
        if (c.client == address(0)) revert UnknownDispute(disputeId);
    }

    function _expectSeated(uint256 disputeId, uint256 seated, address who) private view {
        uint256 place = _places[who];
        if (place == 0) revert NotMember(who);
        if (seated & (1 << (place - 1)) == 0) revert NotSeated(disputeId, who);
    }

    function _bits(uint256 word) private pure returns (uint256 n) {
        for (; word != 0; word &= word - 1) {
            ++n;
        }
    }
}
