// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAssets} from "@records/assets/contracts/IAssets.sol";
import {Bonds} from "@records/bonds/contracts/Bonds.sol";
import {IArbiter} from "@records/bonds/contracts/IArbiter.sol";
import {IOracle} from "./IOracle.sol";
import {IReceiver} from "./IReceiver.sol";
import {Policies} from "./Policies.sol";

/// @title Oracle: decisions that are paid for, explained and disputable (see IOracle; rules O1.. of SPEC.md)
/// @dev One slot per (requester, salt): [ commitment : 168 | first bits of the id : 40 | deadline : 40 | status : 8 ].
/// An id ends in the number of its slot and begins with a hash of the whole request, so a finished slot can serve
/// the same requester again: a decision in a used slot costs 17,100 gas less and the state does not grow. The
/// commitment binds the id and what the state is about. In a final state the deadline field keeps the request's
/// expiry, which the next request in the slot must exceed: no id comes twice. Two flags ride on the status byte:
/// PAID, no royalty is owed any more; REOPENED, an answer was found wrong and its signatures are void.
contract Oracle is Policies, Bonds, EIP712 {
    using SafeERC20 for IERC20;

    /// @notice Most gas a callback may ask for, so that a final transaction fits in a block.
    uint256 public constant MAX_CALLBACK_GAS = 5_000_000;
    /// @dev What runs after the callback: one warm write and one event, with room to spare.
    uint256 private constant AFTER_CALLBACK_GAS = 12_000;
    uint256 private constant RULING_GAS = 200_000;
    uint256 private constant META_BITS = 88;
    uint256 private constant TAG_SHIFT = 216;
    uint256 private constant PAID = 0x80;
    uint256 private constant REOPENED = 0x40;
    uint256 private constant STATUS_MASK = 0x3f;
    bytes32 private constant ENVELOPE_TYPEHASH = keccak256(
        "Envelope(bytes32 requestId,uint256 modelId,bytes32 inputHash,int256 output,uint16 confidenceBps,bytes32 whyHash,bytes32 evidenceRoot,uint64 producedAt,uint64 validUntil)"
    );

    IAssets private immutable _assets;
    mapping(uint80 slot => uint256) private _slots;

    constructor(IERC20 token_, IAssets assets_) Bonds(token_) EIP712("Assay Oracle", "1") {
        if (address(assets_) == address(0)) revert ZeroAddress();
        _assets = assets_;
    }

    // ------------------------------------------------------------------ request, answer

    /// @inheritdoc IOracle
    function request(Request calldata r) external returns (bytes32 id) {
        if (msg.sender != r.requester) revert NotRequester(r.requester, msg.sender);
        if (r.expiry < block.timestamp || r.expiry > type(uint40).max) revert ExpiryPassed(r.expiry, block.timestamp);
        if (r.callbackGas > MAX_CALLBACK_GAS) revert CallbackGasTooHigh(r.callbackGas, MAX_CALLBACK_GAS);
        uint256 stakes = _stakes(r.policyId);
        if (r.valueAtRisk > stakes) revert ValueAboveBond(r.valueAtRisk, stakes);

        id = _id(r);
        uint256 slot = _slots[uint80(uint256(id))];
        if (slot != 0 && !_reusable(slot, r.expiry)) revert AlreadyRequested(id);
        _write(id, id, r.expiry, uint256(Status.Open));
        if (r.fee != 0) _debit(msg.sender, r.fee);
        _logRequested(id, r);
    }

    /// @inheritdoc IOracle
    function submit(Request calldata r, Answer calldata a, bytes calldata signatures) external {
        bytes32 id = _id(r);
        uint256 slot = _expect(id, Status.Open);
        if (block.timestamp > _deadline(slot)) revert TooLate(id, _deadline(slot));
        _admit(r.policyId, msg.sender);
        uint256 deadline = _checkAnswer(a, r.policyId);
        if (slot & REOPENED != 0 && a.producedAt + _window(r.policyId) <= _deadline(slot)) revert BadAnswer("producedAt");
        address[] memory signers = _signers(id, r, a, signatures);

        _write(id, _hash(id, a, signers), deadline, uint256(Status.Answered));
        for (uint256 i; i < signers.length; ++i) {
            _lock(signers[i], _bond(r.policyId));
        }
        _logSubmitted(id, a, signers, deadline);
    }

    /// @inheritdoc IOracle
    function expire(Request calldata r) external {
        bytes32 id = _id(r);
        uint256 slot = _expect(id, Status.Open);
        if (block.timestamp <= _deadline(slot)) revert TooEarly(id, _deadline(slot));
        _void(id, r);
    }

    // ------------------------------------------------------------------ dispute

    /// @inheritdoc IOracle
    function challenge(
        Request calldata r,
        Answer calldata a,
        address[] calldata signers,
        Answer calldata claim,
        uint256 maxCourtFee
    ) external nonReentrant returns (uint256 disputeId) {
        bytes32 id = _id(r);
        _expectAnswer(id, a, signers);
        _checkAnswer(claim, r.policyId);
        Court memory court = _court(r.policyId);

        // The court has the word while it is called: nothing can match an empty commitment.
        uint256 deadline = block.timestamp + court.time;
        _write(id, 0, deadline, uint256(Status.Disputed));
        _lock(msg.sender, _stakes(r.policyId));
        disputeId = _openDispute(id, r, a, claim, signers[0], IArbiter(court.arbiter), maxCourtFee);
        bytes32 hash = keccak256(abi.encode(id, a, signers, claim, msg.sender, disputeId));
        _write(id, hash, deadline, uint256(Status.Disputed));
        emit Challenged(id, msg.sender, court.arbiter, disputeId, claim, deadline);
    }

    /// @inheritdoc IOracle
    function resolve(Request calldata r, Dispute calldata d) external {
        bytes32 id = _id(r);
        uint256 slot = _expect(id, Status.Disputed);
        _expectHash(id, slot, keccak256(abi.encode(id, d.answer, d.signers, d.claim, d.challenger, d.disputeId)));
        IArbiter.Ruling ruling = _pullRuling(_court(r.policyId).arbiter, d.disputeId);
        if (ruling == IArbiter.Ruling.Pending && block.timestamp <= _deadline(slot)) {
            revert TooEarly(id, _deadline(slot));
        }

        uint256 stakes = _stakes(r.policyId);
        uint256 deadline = block.timestamp + _window(r.policyId);
        Status next = Status.Answered;
        if (ruling == IArbiter.Ruling.Defence) {
            _write(id, _hashCalldata(id, d.answer, d.signers), deadline, uint256(Status.Answered));
            _reward(d.signers, _slash(d.challenger, stakes));
        } else if (ruling == IArbiter.Ruling.Claim) {
            address[] memory winner = new address[](1);
            winner[0] = d.challenger;
            _write(id, _hash(id, d.claim, winner), deadline, uint256(Status.Answered));
            _credit(d.challenger, _slashAll(d.signers, stakes));
        } else if (ruling == IArbiter.Ruling.Neither) {
            next = Status.Open;
            _write(id, id, deadline, uint256(Status.Open) | REOPENED);
            _credit(r.requester, _slashAll(d.signers, stakes) + _slash(d.challenger, stakes));
        } else {
            (next, deadline) = (Status.Void, 0);
            uint256 each = stakes / d.signers.length;
            for (uint256 i; i < d.signers.length; ++i) {
                _unlock(d.signers[i], each, 0);
            }
            _unlock(d.challenger, stakes, 0);
            _void(id, r);
        }
        emit Resolved(id, d.disputeId, uint8(ruling), next, deadline);
    }

    // ------------------------------------------------------------------ final

    /// @inheritdoc IOracle
    function finalize(Request calldata r, Answer calldata a, address[] calldata signers) external {
        bytes32 id = _id(r);
        uint256 slot = _expect(id, Status.Answered);
        bytes32 hash = _hashCalldata(id, a, signers);
        _expectHash(id, slot, hash);
        if (block.timestamp <= _deadline(slot)) revert TooEarly(id, _deadline(slot));

        uint256 royalty = _royalty(r);
        uint256 paid = royalty == 0 ? PAID : 0;
        _write(id, hash, r.expiry, uint256(Status.Final) | paid);
        _paySigners(r, signers, r.fee - royalty);
        bool delivered = _deliver(id, r, a, r.callbackGas);
        if (!delivered) _write(id, hash, r.expiry, uint256(Status.Undelivered) | paid);
        emit Finalized(id, a.output, delivered);
    }

    /// @inheritdoc IOracle
    function redeliver(Request calldata r, Answer calldata a, address[] calldata signers) external {
        bytes32 id = _id(r);
        uint256 slot = _expect(id, Status.Undelivered);
        _expectHash(id, slot, _hashCalldata(id, a, signers));

        _slots[uint80(uint256(id))] = slot ^ uint256(Status.Undelivered) ^ uint256(Status.Final);
        emit Redelivered(id);
        // All the gas there is: the request may have named too little, and a failure reverts the whole call.
        if (!_deliver(id, r, a, type(uint256).max)) revert DeliveryFailed(id);
    }

    /// @inheritdoc IOracle
    function distribute(Request calldata r, Answer calldata a, address[] calldata signers) external {
        bytes32 id = _id(r);
        (uint256 slot, Status status) = _read(id);
        if (status != Status.Final && status != Status.Undelivered) revert WrongStatus(id, status);
        // The first bits of the id alone do not bind the fee and the model: the commitment does.
        _expectHash(id, slot, _hashCalldata(id, a, signers));
        if (slot & PAID != 0) return;
        _slots[uint80(uint256(id))] = slot | PAID;
        _payRoyalty(id, r);
    }

    // ------------------------------------------------------------------ views

    /// @inheritdoc IOracle
    function idOf(Request calldata r) external view returns (bytes32) {
        return _id(r);
    }

    /// @inheritdoc IOracle
    function envelopeHash(Request calldata r, Answer calldata a) external view returns (bytes32) {
        return _envelopeHash(_id(r), r, a);
    }

    /// @inheritdoc IOracle
    function resultHash(Request calldata r, Answer calldata a) external pure returns (bytes32) {
        return _resultHash(r, a);
    }

    /// @inheritdoc IOracle
    function statusOf(bytes32 id) external view returns (Status status, uint256 deadline, bool royaltyPaid) {
        uint256 slot;
        (slot, status) = _read(id);
        if (status == Status.Final || status == Status.Undelivered) royaltyPaid = slot & PAID != 0;
        else if (status != Status.None && status != Status.Void) deadline = _deadline(slot);
    }

    /// @inheritdoc IOracle
    function isFinal(Request calldata r, Answer calldata a, address[] calldata signers) external view returns (bool) {
        bytes32 id = _id(r);
        (uint256 slot, Status status) = _read(id);
        return (status == Status.Final || status == Status.Undelivered)
            && slot >> META_BITS == uint256(_hashCalldata(id, a, signers)) >> META_BITS;
    }

    /// @inheritdoc IOracle
    function assets() external view returns (address) {
        return address(_assets);
    }

    // ------------------------------------------------------------------ slots and hashes

    function _write(bytes32 id, bytes32 hash, uint256 deadline, uint256 status) private {
        uint256 word = uint256(hash) >> META_BITS << META_BITS;
        word |= uint256(id) >> TAG_SHIFT << 48 | deadline << 8 | status;
        _slots[uint80(uint256(id))] = word;
    }

    /// @dev A slot that has gone to another request knows nothing of `id`. Forty bits tell statuses apart for readers; a
    /// requester can make two requests alike in them, so every move of money checks the commitment, too.
    function _read(bytes32 id) private view returns (uint256 slot, Status status) {
        slot = _slots[uint80(uint256(id))];
        if (uint40(slot >> 48) == uint256(id) >> TAG_SHIFT) status = Status(slot & STATUS_MASK);
    }

    /// @dev Void, or final, delivered and without a royalty owed; and the new request ends later than the old.
    function _reusable(uint256 slot, uint256 expiry_) private pure returns (bool) {
        return slot & PAID != 0 && slot & STATUS_MASK != uint256(Status.Undelivered) && expiry_ > _deadline(slot);
    }

    function _deadline(uint256 slot) private pure returns (uint256) {
        return uint40(slot >> 8);
    }

    function _expect(bytes32 id, Status expected) private view returns (uint256 slot) {
        Status status;
        (slot, status) = _read(id);
        if (status != expected) revert WrongStatus(id, status);
        if (expected == Status.Open) _expectHash(id, slot, id);
    }

    function _expectHash(bytes32 id, uint256 slot, bytes32 hash) private pure {
        if (slot >> META_BITS != uint256(hash) >> META_BITS) revert CommitmentMismatch(id);
    }

    /// @dev An answer within its window.
    function _expectAnswer(bytes32 id, Answer calldata a, address[] calldata signers) private view {
        uint256 slot = _expect(id, Status.Answered);
        _expectHash(id, slot, _hashCalldata(id, a, signers));
        if (block.timestamp > _deadline(slot)) revert TooLate(id, _deadline(slot));
    }

    /// @dev First 176 bits of keccak256(abi.encode(chainid, this, r)), last 80 bits of keccak256(abi.encode(requester,
    /// salt)). A field with dirty bits gives an id that nobody requested: `request` reads, so checks, every field
    /// that is shorter than a word.
    function _id(Request calldata r) private view returns (bytes32 id) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            mstore(m, chainid())
            mstore(add(m, 32), address())
            calldatacopy(add(m, 64), r, 288)
            id := keccak256(m, 352)
            mstore(0, calldataload(r))
            mstore(32, calldataload(add(r, 256)))
            id := or(shl(80, shr(80, id)), shr(176, shl(176, keccak256(0, 64))))
        }
    }

    /// @dev keccak256 of the id, the answer's six words and the signers' words.
    function _hash(bytes32 id, Answer calldata a, address[] memory signers) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let m := mload(0x40)
            let size := shl(5, mload(signers))
            mstore(m, id)
            calldatacopy(add(m, 32), a, 192)
            mcopy(add(m, 224), add(signers, 32), size)
            hash := keccak256(m, add(size, 224))
        }
    }

    /// @dev The same from calldata.
    function _hashCalldata(bytes32 id, Answer calldata a, address[] calldata signers)
        private
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let m := mload(0x40)
            let size := shl(5, signers.length)
            mstore(m, id)
            calldatacopy(add(m, 32), a, 192)
            calldatacopy(add(m, 224), signers.offset, size)
            hash := keccak256(m, add(size, 224))
        }
    }

    function _resultHash(Request calldata r, Answer calldata a) private pure returns (bytes32) {
        return keccak256(abi.encode(r.modelId, r.inputHash, a.output, a.confidenceBps, a.whyHash, a.evidenceRoot));
    }

    function _envelopeHash(bytes32 id, Request calldata r, Answer calldata a) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ENVELOPE_TYPEHASH, id, r.modelId, r.inputHash, a)));
    }

    // ------------------------------------------------------------------ parts

    /// @return deadline End of the window that would start now.
    function _checkAnswer(Answer calldata a, bytes32 policyId) private view returns (uint256 deadline) {
        deadline = block.timestamp + _window(policyId);
        if (a.confidenceBps > BPS) revert BadAnswer("confidenceBps");
        if (a.producedAt > block.timestamp) revert BadAnswer("producedAt");
        if (a.validUntil < deadline) revert BadAnswer("validUntil");
    }

    /// @dev The caller first, then the signers of the envelope, strictly ascending.
    function _signers(bytes32 id, Request calldata r, Answer calldata a, bytes calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        uint256 threshold = _threshold(r.policyId);
        if (signatures.length != (threshold - 1) * 65) revert WrongSignatures(signatures.length, (threshold - 1) * 65);
        signers = new address[](threshold);
        signers[0] = msg.sender;
        if (threshold == 1) return signers;
        bytes32 digest = _envelopeHash(id, r, a);
        address previous;
        for (uint256 i = 1; i < threshold; ++i) {
            uint256 from = (i - 1) * 65;
            (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(
                digest,
                uint8(signatures[from + 64]),
                bytes32(signatures[from:from + 32]),
                bytes32(signatures[from + 32:from + 64])
            );
            if (failure != ECDSA.RecoverError.NoError) revert BadSignature(i - 1);
            if (signer <= previous || signer == msg.sender) revert SignersNotAscending(previous, signer);
            _admit(r.policyId, signer);
            signers[i] = previous = signer;
        }
    }

    /// @dev Takes the court's fee from the caller's free balance, opens the dispute, gives back what was not taken.
    function _openDispute(
        bytes32 id,
        Request calldata r,
        Answer calldata a,
        Answer calldata claim,
        address defender,
        IArbiter arbiter,
        uint256 maxCourtFee
    ) private returns (uint256 disputeId) {
        uint256 fee = arbiter.fee();
        if (fee > maxCourtFee) revert CourtFeeAbove(fee, maxCourtFee);
        if (fee != 0) {
            _debit(msg.sender, fee);
            _token.forceApprove(address(arbiter), fee);
        }
        disputeId = _callCourt(arbiter, id, r, a, claim, defender);
        uint256 left = fee == 0 ? 0 : _token.allowance(address(this), address(arbiter));
        if (left != 0) {
            _token.forceApprove(address(arbiter), 0);
            _credit(msg.sender, left);
        }
    }

    function _callCourt(
        IArbiter arbiter,
        bytes32 id,
        Request calldata r,
        Answer calldata a,
        Answer calldata claim,
        address defender
    ) private returns (uint256) {
        bytes32 defence = _resultHash(r, a);
        bytes32 against = _resultHash(r, claim);
        if (defence == against) revert SameResult(against);
        bytes memory context = abi.encode(r, a, claim);
        return arbiter.open(id, defence, against, defender, msg.sender, context);
    }

    /// @dev A court that reverts, returns nonsense or has no code counts as silent. The gas check keeps a caller from
    /// making a court look silent by sending too little.
    function _pullRuling(address arbiter, uint256 disputeId) private view returns (IArbiter.Ruling) {
        bytes memory data = abi.encodeCall(IArbiter.ruling, (disputeId));
        uint256 needed = RULING_GAS + RULING_GAS / 63 + 10_000;
        if (gasleft() < needed) revert NotEnoughGas(gasleft(), needed);
        uint256 word;
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(RULING_GAS, arbiter, add(data, 32), mload(data), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            word := mload(0)
        }
        if (!ok || word > uint256(IArbiter.Ruling.Refused)) return IArbiter.Ruling.Pending;
        return IArbiter.Ruling(word);
    }

    /// @dev Splits `amount` among the signers' free balances; the remainder goes to the first.
    function _reward(address[] calldata signers, uint256 amount) private {
        uint256 each = amount / signers.length;
        _credit(signers[0], amount - each * (signers.length - 1));
        for (uint256 i = 1; i < signers.length; ++i) {
            _credit(signers[i], each);
        }
    }

    /// @dev Slashes equal parts of `stakes` of all signers; returns what the winner gets.
    function _slashAll(address[] calldata signers, uint256 stakes) private returns (uint256 rest) {
        uint256 each = stakes / signers.length;
        for (uint256 i; i < signers.length; ++i) {
            rest += _slash(signers[i], each);
        }
    }

    /// @dev Releases the bonds and shares `pay`, each signer in one write.
    /// `threshold x bond` stands behind an answer whether by all its signers or by one challenger who prevailed.
    function _paySigners(Request calldata r, address[] calldata signers, uint256 pay) private {
        uint256 n = signers.length;
        uint256 stake = _stakes(r.policyId) / n;
        uint256 each = pay / n;
        _unlock(signers[0], stake, pay - each * (n - 1));
        for (uint256 i = 1; i < n; ++i) {
            _unlock(signers[i], stake, each);
        }
    }

    function _royalty(Request calldata r) private pure returns (uint256) {
        return r.modelId == 0 ? 0 : uint256(r.fee) * _royaltyBps(r.policyId) / BPS;
    }

    /// @dev A model that does not exist earns nothing: its royalty goes back to the requester.
    function _payRoyalty(bytes32 id, Request calldata r) private {
        uint256 royalty = _royalty(r);
        if (royalty == 0) return;
        if (!_assets.exists(r.modelId)) {
            _credit(r.requester, royalty);
            emit RoyaltyPaid(id, r.modelId, r.requester, royalty);
            return;
        }
        (address[] memory owners, uint256[] memory amounts) = _assets.payees(r.modelId, royalty);
        for (uint256 i; i < owners.length; ++i) {
            if (amounts[i] == 0) continue;
            _credit(owners[i], amounts[i]);
            emit RoyaltyPaid(id, r.modelId, owners[i], amounts[i]);
        }
    }

    function _void(bytes32 id, Request calldata r) private {
        _write(id, 0, r.expiry, uint256(Status.Void) | PAID);
        if (r.fee != 0) _credit(r.requester, r.fee);
        emit Voided(id, r.fee);
    }

    /// @dev Calls the receiver with `callbackGas` (or all there is) and looks at success alone: neither a revert, nor
    /// burnt gas, nor a huge return can hold up the caller.
    function _deliver(bytes32 id, Request calldata r, Answer calldata a, uint256 callbackGas)
        private
        returns (bool success)
    {
        uint256 needed = uint256(r.callbackGas) * 64 / 63 + AFTER_CALLBACK_GAS;
        if (gasleft() < needed) revert NotEnoughGas(gasleft(), needed);
        bytes4 selector = IReceiver.onReport.selector;
        address receiver = r.requester;
        assembly ("memory-safe") {
            let m := mload(0x40)
            let args := add(m, 4)
            mstore(m, selector)
            mstore(args, 0x40) // metadata: three words
            mstore(add(args, 0x20), 0xc0) // report: the answer's six words
            mstore(add(args, 0x40), 0x60)
            mstore(add(args, 0x60), id)
            calldatacopy(add(args, 0x80), add(r, 0x40), 0x40) // modelId, inputHash
            mstore(add(args, 0xc0), 0xc0)
            calldatacopy(add(args, 0xe0), a, 0xc0)
            success := call(callbackGas, receiver, 0, m, 0x1a4, 0, 0)
        }
    }

    /// @dev `emit Requested(id, msg.sender, r)` without taking the fields apart.
    function _logRequested(bytes32 id, Request calldata r) private {
        bytes32 topic = Requested.selector;
        assembly ("memory-safe") {
            let m := mload(0x40)
            calldatacopy(m, r, 0x120)
            log3(m, 0x120, topic, id, caller())
        }
    }

    /// @dev `emit Submitted(id, a, signers, deadline)` without taking the fields apart.
    function _logSubmitted(bytes32 id, Answer calldata a, address[] memory signers, uint256 deadline) private {
        bytes32 topic = Submitted.selector;
        assembly ("memory-safe") {
            let m := mload(0x40)
            let size := shl(5, add(mload(signers), 1))
            calldatacopy(m, a, 0xc0)
            mstore(add(m, 0xc0), 0x100)
            mstore(add(m, 0xe0), deadline)
            mcopy(add(m, 0x100), signers, size)
            log2(m, add(0x100, size), topic, id)
        }
    }
}
