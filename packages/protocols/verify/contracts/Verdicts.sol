// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {IReferee} from "./IReferee.sol";
import {JobLib} from "./Job.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Philox} from "./Philox.sol";
import {ProgramLeaf} from "./ProgramLeaf.sol";
import {RefereeSet} from "./RefereeSet.sol";

/// @title Verdicts: what a value of a step has to be (rules D8 to D12)
/// @notice Stateless: everything follows from the job, the agreed state, the trace and openings. The game asks, and
/// compares with what the defender said.
contract Verdicts {
    /// @notice What a disputed value is.
    enum Question {
        ELEMENT, // one of its elements has to be computed
        INPUT, // the agreed state lists it
        POST, // it is the state after the step
        RIGHT, // decided: the root is the only possible one
        WRONG // decided: it is not
    }

    /// @notice A value of the program, opened; `header` first.
    struct Described {
        ProgramLeaf.Header header;
        bytes32[] headerPath;
        ProgramLeaf.Value value;
        bytes32[] path;
        uint256 index; // in the program
        JobLib.Init[] init; // for the first state only
    }

    /// @notice An operand of a node: what the program says of it, and its root in the trace.
    struct OperandProof {
        ProgramLeaf.Value value;
        bytes32[] path;
        bytes32 root;
        bytes32[] tracePath;
    }

    /// @notice An entry of a state's list.
    struct Entry {
        uint256 index; // the parameter or state in the program
        ProgramLeaf.Value value;
        bytes32[] path;
        bytes32 root;
        bytes32[] tracePath;
    }

    /// @notice What the game knows of the value in question. The game writes job hash and point over the first words of
    /// whatever a party sends: a party chooses what is opened, never what is asked.
    struct Point {
        uint64 step; // 0 is the making of the first state, s + 1 is step s
        uint64 value; // its place in the trace
        uint64 values; // leaves of the trace
        bytes32 trace;
        bytes32 root; // as the defender says
        bytes32 before; // the agreed state before the step
        uint256 index; // disputed element
        uint64 first; // terms of a sum
        uint64 last;
    }

    /// @notice The job that was opened is not the claim's.
    error WrongJob(bytes32 job);
    /// @notice The program does not hold what was opened.
    error NotInProgram();
    /// @notice The trace does not hold what was opened.
    error NotInTrace(uint256 index);
    /// @notice What was opened is not what the question needs.
    error WrongProof();

    /// @notice Judges of operators, for good.
    RefereeSet public immutable referees;

    string private constant STATE = "assay/state/1";

    constructor(RefereeSet referees_) {
        referees = referees_;
    }

    /// @notice Leaves of the trace of a step: one per value and the state after it.
    function valuesOf(
        bytes32 hash,
        Point calldata p,
        JobLib.Job calldata job,
        ProgramLeaf.Header calldata header,
        bytes32[] calldata headerPath
    ) external view returns (uint64) {
        _header(hash, job, header, headerPath);
        return uint64((p.step == 0 ? header.states : header.values) + 1);
    }

    /// @notice What has to be found out about a value, and how many elements it has. Decided at once where only one
    /// root is possible: constants, given first values, tensors without elements.
    function question(bytes32 hash, Point calldata p, JobLib.Job calldata job, Described calldata d)
        external
        view
        returns (Question kind, uint64 size, uint8 dtype)
    {
        if (p.value + 1 == p.values) return (Question.POST, 0, 0);
        _describe(hash, job, d);
        ProgramLeaf.Value calldata v = d.value;
        size = uint64(MerkleTensor.sizeOf(v.shape));
        dtype = v.dtype;
        if (p.step == 0) {
            if (!_isState(v) || v.slot != p.value) revert WrongProof();
            if (JobLib.initHash(d.init) != job.init) revert WrongProof();
            // A job without a rule for this value, or with one that nobody knows, is not sound.
            if (v.slot >= d.init.length || d.init[v.slot].kind > 2) revert IReferee.Unfit(0);
            if (d.init[v.slot].kind == 2) return (_same(p.root, d.init[v.slot].root), size, dtype);
        } else {
            if (d.index != p.value) revert WrongProof();
            if (_isState(v)) return (Question.INPUT, size, dtype);
            if (v.kind == ProgramLeaf.CONSTANT) return (_same(p.root, v.root), size, dtype);
        }
        if (size == 0) return (_same(p.root, Merkle.EMPTY_ROOT), size, dtype);
        return (Question.ELEMENT, size, dtype);
    }

    /// @notice Root that the agreed state lists for a parameter or state.
    function input(
        bytes32 hash,
        Point calldata p,
        JobLib.Job calldata job,
        Described calldata d,
        bytes32 root,
        bytes32[] calldata headerPath,
        bytes32[] calldata path
    ) external view returns (bytes32) {
        _describe(hash, job, d);
        if (d.index != p.value || !_isState(d.value)) revert WrongProof();
        MerkleTensor.Named memory named = MerkleTensor.Named({
            kind: STATE,
            count: d.header.states,
            index: d.value.slot,
            name: d.value.name,
            shape: d.value.shape,
            tensorRoot: root,
            headerPath: headerPath,
            path: path
        });
        if (!this.names(p.before, named)) revert WrongProof();
        return root;
    }

    /// @notice `MerkleTensor.names`; for this contract's own use.
    function names(bytes32 root, MerkleTensor.Named calldata named) external view returns (bool) {
        return MerkleTensor.names(root, named);
    }

    /// @notice What the step's values make the state after it: the root over all entries, or the root of the job's output.
    /// @param entries One for each parameter and state in order; one for the output of a job that has one.
    function post(
        bytes32 hash,
        Point calldata p,
        JobLib.Job calldata job,
        ProgramLeaf.Header calldata header,
        bytes32[] calldata headerPath,
        Entry[] calldata entries
    ) external view returns (bytes32) {
        _header(hash, job, header, headerPath);
        if (job.output != 0 && p.step == job.steps) {
            if (entries.length != 1) revert WrongProof();
            _inTrace(p, job.output - 1, entries[0].root, entries[0].tracePath);
            return entries[0].root;
        }
        uint256 count = header.states;
        if (entries.length != count) revert WrongProof();
        bytes32[] memory leaves = new bytes32[](count + 1);
        leaves[0] = Merkle.leafHash(MerkleTensor.header(STATE, count));
        for (uint256 slot = 0; slot < count; slot++) {
            Entry calldata e = entries[slot];
            ProgramLeaf.Value calldata v = e.value;
            if (!ProgramLeaf.hasValue(job.program, header, e.index, v, e.path)) revert NotInProgram();
            if (!_isState(v) || v.slot != slot) revert WrongProof();
            uint256 from = p.step == 0 ? slot : v.update == 0 ? e.index : v.update - 1;
            _inTrace(p, from, e.root, e.tracePath);
            leaves[slot + 1] = Merkle.leafHash(MerkleTensor.entry(v.name, v.shape, e.root));
        }
        return _rootOf(leaves);
    }

    /// @notice The bits that element `index` of the value has to have.
    /// @param proof `abi.encode(MerkleTensor.Opening)` of the samples' leaf for a data input,
    /// `abi.encode(OperandProof[], bytes openings)` for a node; nothing for a first value.
    function element(
        bytes32 hash,
        Point calldata p,
        JobLib.Job calldata job,
        Described calldata d,
        bytes calldata proof
    ) external view returns (uint256 bits) {
        _describe(hash, job, d);
        ProgramLeaf.Value calldata v = d.value;
        if (p.step == 0) {
            if (!_isState(v) || v.slot != p.value) revert WrongProof();
            if (JobLib.initHash(d.init) != job.init) revert WrongProof();
            return _first(job, d.init[v.slot], p.index);
        }
        if (d.index != p.value) revert WrongProof();
        if (v.kind == ProgramLeaf.DATA) return _sample(job, p, v, proof);
        if (v.kind != ProgramLeaf.NODE) revert WrongProof();
        (IReferee.Case memory x, bytes memory openings) = _case(job, p, d, proof);
        return referees.refereeOf(v.op).element(x, openings);
    }

    /// @notice Number of terms of an element's sum; reverts where it has none.
    function terms(bytes32 hash, Point calldata p, JobLib.Job calldata job, Described calldata d, bytes calldata proof)
        external
        view
        returns (uint64 count)
    {
        (IReferee.Case memory x,) = _node(hash, job, p, d, proof);
        count = uint64(referees.refereeOf(d.value.op).terms(x));
        if (count == 0) revert WrongProof();
    }

    /// @notice Hash of the running sum before the terms, and of the true one after them.
    function sums(
        bytes32 hash,
        Point calldata p,
        JobLib.Job calldata job,
        Described calldata d,
        uint256[] calldata before,
        bytes calldata proof
    ) external view returns (bytes32, bytes32) {
        (IReferee.Case memory x, bytes memory openings) = _node(hash, job, p, d, proof);
        uint256[] memory truth = referees.refereeOf(d.value.op).partialSums(x, p.first, p.last, before, openings);
        return (keccak256(abi.encodePacked(before)), keccak256(abi.encodePacked(truth)));
    }

    /// @notice The element that a whole running sum gives, and the sum's hash.
    function finish(bytes32 hash, Point calldata p, JobLib.Job calldata job, Described calldata d, uint256[] calldata sum)
        external
        view
        returns (uint256, bytes32)
    {
        _describe(hash, job, d);
        if (p.step == 0 || d.index != p.value || d.value.kind != ProgramLeaf.NODE) revert WrongProof();
        return (referees.refereeOf(d.value.op).finish(d.value.op, sum), keccak256(abi.encodePacked(sum)));
    }

    function _node(
        bytes32 hash,
        JobLib.Job calldata job,
        Point calldata p,
        Described calldata d,
        bytes calldata proof
    ) private view returns (IReferee.Case memory, bytes memory) {
        _describe(hash, job, d);
        if (p.step == 0 || d.index != p.value || d.value.kind != ProgramLeaf.NODE) revert WrongProof();
        return _case(job, p, d, proof);
    }

    function _case(JobLib.Job calldata job, Point calldata p, Described calldata d, bytes calldata proof)
        private
        view
        returns (IReferee.Case memory x, bytes memory openings)
    {
        ProgramLeaf.Value calldata v = d.value;
        IReferee.Operand[] memory list;
        (list, openings) = this.operands(job, p, d, proof);
        x = IReferee.Case({op: v.op, attrs: v.attrs, operands: list, shape: v.shape, index: p.index});
    }

    /// @notice Operands of a node from their proofs; for this contract's own use.
    function operands(JobLib.Job calldata job, Point calldata p, Described calldata d, bytes calldata proof)
        external
        view
        returns (IReferee.Operand[] memory list, bytes memory openings)
    {
        OperandProof[] memory proofs;
        (proofs, openings) = abi.decode(proof, (OperandProof[], bytes));
        uint256 count = d.value.inputs.length;
        if (proofs.length != count) revert WrongProof();
        list = new IReferee.Operand[](count);
        for (uint256 i = 0; i < count; i++) {
            list[i] = this.operand(job, p, d.header, d.value.inputs[i], proofs[i]);
        }
    }

    /// @notice One operand from its proof; for this contract's own use.
    function operand(
        JobLib.Job calldata job,
        Point calldata p,
        ProgramLeaf.Header calldata header,
        uint256 index,
        OperandProof calldata proof
    ) external view returns (IReferee.Operand memory) {
        // A program whose operands do not stand before their node is not sound, and no element of it can be proven right.
        if (index >= p.value) revert IReferee.Unfit(0);
        if (!ProgramLeaf.hasValue(job.program, header, index, proof.value, proof.path)) revert NotInProgram();
        _inTrace(p, index, proof.root, proof.tracePath);
        return IReferee.Operand({root: proof.root, shape: proof.value.shape});
    }

    function _sample(
        JobLib.Job calldata job,
        Point calldata p,
        ProgramLeaf.Value calldata v,
        bytes calldata proof
    ) private view returns (uint256) {
        if (v.slot >= job.data.length) revert IReferee.Unfit(0);
        JobLib.Data calldata data = job.data[v.slot];
        if (MerkleTensor.sizeOf(v.shape) != uint256(job.batch) * data.width) revert IReferee.Unfit(0);
        uint256 sample = p.index / data.width;
        if (job.stepsPerEpoch != 0) {
            uint256 step = p.step - 1;
            uint256 place = (step % job.stepsPerEpoch) * job.batch + sample;
            sample = Philox.shuffled(job.rows, job.orderSeed, Philox.ORDER, step / job.stepsPerEpoch, place);
        }
        MerkleTensor.Opening memory opening = abi.decode(proof, (MerkleTensor.Opening));
        return this.stored(data.root, uint256(job.rows) * data.width, sample * data.width + p.index % data.width, opening);
    }

    /// @notice Element of a committed tensor, its NaN made canonical as the engine does; for this contract's own use.
    function stored(bytes32 root, uint256 size, uint256 index, MerkleTensor.Opening calldata opening)
        external
        view
        returns (uint256 bits)
    {
        bits = MerkleTensor.elementOf(root, size, index, opening);
        if (bits & 0x7fffffff > 0x7f800000) bits = 0x7fc00000;
    }

    function _first(JobLib.Job calldata job, JobLib.Init calldata init, uint256 index) private pure returns (uint256) {
        if (init.kind == 0) return init.bits;
        if (init.kind != 1) revert WrongProof();
        return Philox.uniform(init.bits, job.seed, Philox.INIT, init.index, index);
    }

    function _header(
        bytes32 hash,
        JobLib.Job calldata job,
        ProgramLeaf.Header calldata header,
        bytes32[] calldata path
    ) private view {
        if (JobLib.hash(job) != hash) revert WrongJob(hash);
        if (!ProgramLeaf.hasHeader(job.program, header, path)) revert NotInProgram();
    }

    function _describe(bytes32 hash, JobLib.Job calldata job, Described calldata d) private view {
        _header(hash, job, d.header, d.headerPath);
        if (!ProgramLeaf.hasValue(job.program, d.header, d.index, d.value, d.path)) revert NotInProgram();
    }

    function _inTrace(Point calldata p, uint256 index, bytes32 root, bytes32[] calldata path) private view {
        if (!Merkle.verifyInclusion(p.trace, p.values, index, root, path)) revert NotInTrace(index);
    }

    function _isState(ProgramLeaf.Value calldata v) private pure returns (bool) {
        return v.kind == ProgramLeaf.PARAM || v.kind == ProgramLeaf.STATE;
    }

    function _same(bytes32 a, bytes32 b) private pure returns (Question) {
        return a == b ? Question.RIGHT : Question.WRONG;
    }

    function _rootOf(bytes32[] memory nodes) private pure returns (bytes32) {
        uint256 count = nodes.length;
        while (count > 1) {
            uint256 to = 0;
            for (uint256 i = 0; i + 1 < count; i += 2) nodes[to++] = Merkle.nodeHash(nodes[i], nodes[i + 1]);
            if (count & 1 == 1) nodes[to++] = nodes[count - 1];
            count = to;
        }
        return nodes[0];
    }
}
