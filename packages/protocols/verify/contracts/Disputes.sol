// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Merkle} from "@base/bytes/contracts/Merkle.sol";
import {Claims} from "./Claims.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IDisputes} from "./IDisputes.sol";
import {IReferee} from "./IReferee.sol";
import {JobLib} from "./Job.sol";
import {MerkleTensor} from "./MerkleTensor.sol";
import {Nodes} from "./Nodes.sol";
import {RefereeSet} from "./RefereeSet.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title Disputes: who is right about a run (rules D1.. of SPEC.md)
/// @dev Order of every move: state and clock are checked, the move is judged, the ledger is written, events. No call
/// leaves this contract but to the verdicts and referees, which are views. Money moves inside the ledger of `Bonds`.
contract Disputes is Claims {
    struct Game {
        bytes32 state;
        address challenger;
        uint40 moved;
        uint24 defenderClock;
        uint24 challengerClock;
        Phase phase;
    }

    mapping(uint256 game => Game) private _games;

    /// @notice Judge of elements.
    Verdicts public immutable verdicts;

    uint128 private immutable _challengeBond;
    uint24 private immutable _clock;

    uint256 private constant PARTS = 16;
    uint256 private constant STATE_BYTES = 20 * 32;
    /// @notice A revealed leaf is kept as the hash of the hashes of this many pieces, so that one element opens cheaply.
    uint256 private constant PIECES = 16;

    constructor(IERC20 token_, Verdicts verdicts_, Terms memory terms_)
        Claims(token_, terms_.claimBond, terms_.window)
    {
        verdicts = verdicts_;
        _challengeBond = terms_.challengeBond;
        _clock = terms_.clock;
    }

    /// @notice Bonds, window and clocks.
    function terms() external view returns (Terms memory) {
        return Terms({claimBond: _claimBond, challengeBond: _challengeBond, window: _window, clock: _clock});
    }


    // ---------------------------------------------------------------- games

    /// @notice Opens a game against a claim that stands; locks the caller's first bond. One game per challenger and claim.
    function challenge(address claimant, uint64 stand, bytes32 result, JobLib.Job calldata job)
        external
        returns (uint256 id)
    {
        bytes32 hash = JobLib.hash(job);
        uint256 word = _openClaim(claimant, stand, hash, result);
        if (!JobLib.sound(job)) revert WrongJob(hash);
        id = uint256(keccak256(abi.encode(claimant, stand, word >> 32, msg.sender)));
        Game storage game = _games[id];
        if (game.phase != Phase.NONE) revert AlreadyChallenged(id);
        State memory s;
        (s.claimant, s.stand, s.job, s.result) = (claimant, stand, hash, result);
        (s.high, s.highRoot) = (job.steps + 1, result);
        _stands[claimant][stand] = word + 0x100;
        game.challenger = msg.sender;
        game.moved = uint40(block.timestamp);
        (game.defenderClock, game.challengerClock) = (_clock, _clock);
        game.phase = Phase.SPLIT;
        game.state = _hash(id, s);
        _lock(msg.sender, _challengeBond);
        emit Challenged(id, claimant, stand, msg.sender);
        emit Moved(id, Phase.SPLIT, s, new bytes32[](0));
    }

    /// @notice D: states that part [low, high] in up to 16, without the two ends.
    function split(uint256 id, State calldata given, bytes32[] calldata roots) external {
        State memory s = _enter(id, given, Phase.SPLIT);
        uint256 wanted = _parts(s) - 1;
        if (roots.length != wanted) revert WrongCount(roots.length, wanted);
        s.node = keccak256(abi.encodePacked(roots));
        _leave(id, s, Phase.CHOOSE_STEP, roots);
    }

    /// @notice C: the first part whose end the challenger does not agree with.
    function chooseStep(uint256 id, State calldata given, bytes32[] calldata roots, uint256 part) external {
        State memory s = _enter(id, given, Phase.CHOOSE_STEP);
        if (keccak256(abi.encodePacked(roots)) != s.node) revert NotBelow(s.node);
        uint256 parts = roots.length + 1;
        if (part >= parts) revert OutOfRange(part, parts);
        (uint64 low, uint64 high) = (_border(s, part, parts), _border(s, part + 1, parts));
        if (part > 0) s.lowRoot = roots[part - 1];
        if (part + 1 < parts) s.highRoot = roots[part];
        (s.low, s.high, s.node) = (low, high, 0);
        if (high - low > 1) return _leave(id, s, Phase.SPLIT, roots[0:0]);
        _lock(msg.sender, 2 * uint256(_challengeBond));
        _leave(id, s, Phase.TRACE, roots[0:0]);
    }

    /// @notice D: the roots of all values of the step and the state after it, as nodes of one tree.
    /// @param nodes Children of the trace's root.
    /// @param last Path of the state after the step, which is the last leaf; nothing when the nodes are the leaves.
    /// @param evidence Arguments of `Verdicts.valuesOf`.
    function trace(
        uint256 id,
        State calldata given,
        bytes32[] calldata nodes,
        bytes32[] calldata last,
        bytes calldata evidence
    ) external {
        State memory s = _enter(id, given, Phase.TRACE);
        s.values = abi.decode(_answer(Verdicts.valuesOf.selector, s, evidence), (uint64));
        s.count = s.values;
        _children(s, nodes);
        s.trace = s.node = Nodes.fold(nodes);
        if (nodes.length == s.values) {
            if (nodes[nodes.length - 1] != s.highRoot) revert NotBelow(s.trace);
        } else if (!Merkle.verifyInclusion(s.trace, s.values, s.values - 1, s.highRoot, last)) {
            revert NotBelow(s.trace);
        }
        _grow(s, 1);
        _leave(id, s, Phase.CHOOSE_VALUE, nodes);
    }

    /// @notice C: the first child that differs, while it is not yet one value.
    function chooseNode(uint256 id, State calldata given, uint256 child, bytes32 node, bytes32[] calldata path) external {
        State memory s = _enter(id, given, Phase.CHOOSE_VALUE);
        _descend(s, child, node, path);
        if (s.count == 1) revert WrongPhase(Phase.CHOOSE_VALUE);
        _leave(id, s, Phase.EXPAND_VALUES, path[0:0]);
    }

    /// @notice C: the first value that differs.
    /// @param evidence Arguments of `Verdicts.question`.
    function chooseValue(
        uint256 id,
        State calldata given,
        uint256 child,
        bytes32 node,
        bytes32[] calldata path,
        bytes calldata evidence
    ) external {
        State memory s = _enter(id, given, Phase.CHOOSE_VALUE);
        _descend(s, child, node, path);
        if (s.count != 1) revert WrongPhase(Phase.CHOOSE_VALUE);
        (s.value, s.root) = (s.first, node);
        _lock(msg.sender, 4 * uint256(_challengeBond));
        (bool ok, bytes memory answer) = _ask(Verdicts.question.selector, s, evidence);
        if (!ok) return _unsound(id, s, answer, 7 * uint256(_challengeBond));
        Verdicts.Question kind;
        (kind, s.size, s.dtype) = abi.decode(answer, (Verdicts.Question, uint64, uint8));
        if (kind == Verdicts.Question.RIGHT || kind == Verdicts.Question.WRONG) {
            return _finish(id, s, kind == Verdicts.Question.WRONG, 7 * uint256(_challengeBond));
        }
        s.first = 0;
        s.count = (s.size + uint64(MerkleTensor.LEAF_ELEMENTS) - 1) / uint64(MerkleTensor.LEAF_ELEMENTS);
        Phase next = s.count == 1 ? Phase.REVEAL : Phase.EXPAND_LEAVES;
        if (kind == Verdicts.Question.POST) next = Phase.PROVE_POST;
        if (kind == Verdicts.Question.INPUT) next = Phase.PROVE_INPUT;
        _leave(id, s, next, path[0:0]);
    }

    /// @notice D: nodes below the one in dispute.
    function expand(uint256 id, State calldata given, bytes32[] calldata nodes) external {
        Phase phase = _games[id].phase;
        if (phase != Phase.EXPAND_VALUES && phase != Phase.EXPAND_LEAVES) revert WrongPhase(phase);
        State memory s = _enter(id, given, phase);
        _children(s, nodes);
        if (Nodes.fold(nodes) != s.node) revert NotBelow(s.node);
        if (phase == Phase.EXPAND_LEAVES) _grow(s, 2);
        _leave(id, s, phase == Phase.EXPAND_VALUES ? Phase.CHOOSE_VALUE : Phase.CHOOSE_LEAF, nodes);
    }

    /// @notice C: a child of the value's tree that differs.
    function chooseLeaf(uint256 id, State calldata given, uint256 child, bytes32 node, bytes32[] calldata path) external {
        State memory s = _enter(id, given, Phase.CHOOSE_LEAF);
        _descend(s, child, node, path);
        _leave(id, s, s.count == 1 ? Phase.REVEAL : Phase.EXPAND_LEAVES, path[0:0]);
    }

    /// @notice D: the leaf's bytes; they are logged in words.
    function reveal(uint256 id, State calldata given, bytes calldata leaf) external {
        State memory s = _enter(id, given, Phase.REVEAL);
        uint256 rest = s.size - s.first * MerkleTensor.LEAF_ELEMENTS;
        if (rest > MerkleTensor.LEAF_ELEMENTS) rest = MerkleTensor.LEAF_ELEMENTS;
        if (leaf.length != rest * _width(s.dtype) || Merkle.leafHash(leaf) != s.node) revert WrongLeaf();
        s.node = keccak256(abi.encodePacked(_pieces(leaf)));
        _grow(s, 2);
        _leave(id, s, Phase.PROVE_ELEMENT, _words(leaf));
    }

    /// @notice C: an element of the leaf that is not what it has to be; the chain computes it and ends the game.
    /// @param index The element in the whole value, row-major.
    /// @param piece The piece of the leaf that holds it.
    /// @param pieces Hashes of all pieces.
    /// @param evidence Arguments of `Verdicts.element`.
    function prove(
        uint256 id,
        State calldata given,
        uint256 index,
        bytes calldata piece,
        bytes32[] calldata pieces,
        bytes calldata evidence
    ) external {
        State memory s = _enter(id, given, Phase.PROVE_ELEMENT);
        _name(s, index, piece, pieces);
        (bool ok, bytes memory answer) = _ask(Verdicts.element.selector, s, evidence);
        if (!ok) return _unsound(id, s, answer, _staked(Phase.PROVE_ELEMENT));
        _computed(id, s, s.bits, abi.decode(answer, (uint256)));
    }

    /// @notice C: names the element as `prove` does, but has its long sum halved by sixteen first.
    /// @param evidence Arguments of `Verdicts.terms`.
    function name(
        uint256 id,
        State calldata given,
        uint256 index,
        bytes calldata piece,
        bytes32[] calldata pieces,
        bytes calldata evidence
    ) external {
        State memory s = _enter(id, given, Phase.PROVE_ELEMENT);
        _name(s, index, piece, pieces);
        (bool ok, bytes memory answer) = _ask(Verdicts.terms.selector, s, evidence);
        if (!ok) return _unsound(id, s, answer, _staked(Phase.PROVE_ELEMENT));
        (s.first, s.count, s.sums, s.node) = (0, abi.decode(answer, (uint64)), 0, 0);
        _leave(id, s, Phase.SUMS, pieces[0:0]);
    }

    /// @notice D: the running sums at the borders of up to 16 parts of the terms, both ends included; before the first
    /// term a sum is empty.
    /// @param evidence Arguments of `Verdicts.finish` while the whole sum is in dispute.
    function sum(uint256 id, State calldata given, uint256[][] calldata list, bytes calldata evidence) external {
        State memory s = _enter(id, given, Phase.SUMS);
        uint256 parts = s.count < PARTS ? s.count : PARTS;
        if (list.length != parts + 1) revert WrongCount(list.length, parts + 1);
        bytes32 last = keccak256(abi.encodePacked(list[parts]));
        if (s.node == 0) {
            if (list[0].length != 0) revert NotBelow(0);
            (uint256 bits, bytes32 whole) =
                abi.decode(_answer(Verdicts.finish.selector, s, evidence), (uint256, bytes32));
            if (bits != s.bits || whole != last) revert NotBelow(last);
        } else if (keccak256(abi.encodePacked(list[0])) != s.sums || last != s.node) {
            revert NotBelow(s.node);
        }
        s.node = keccak256(abi.encode(list));
        _leave(id, s, Phase.CHOOSE_SUM, _sums(list));
    }

    /// @notice C: the first part whose end differs, to be halved again or proven.
    function chooseSum(uint256 id, State calldata given, uint256[][] calldata list, uint256 part, bool again) external {
        State memory s = _enter(id, given, Phase.CHOOSE_SUM);
        if (keccak256(abi.encode(list)) != s.node) revert NotBelow(s.node);
        uint256 parts = list.length - 1;
        if (part >= parts) revert OutOfRange(part, parts);
        uint64 from = s.first + uint64(uint256(s.count) * part / parts);
        s.count = s.first + uint64(uint256(s.count) * (part + 1) / parts) - from;
        s.first = from;
        s.sums = keccak256(abi.encodePacked(list[part]));
        s.node = keccak256(abi.encodePacked(list[part + 1]));
        _leave(id, s, again && s.count > 1 ? Phase.SUMS : Phase.PROVE_SUM, new bytes32[](0));
    }

    /// @notice C: the chain adds the part's terms to the agreed sum and ends the game.
    /// @param evidence Arguments of `Verdicts.sums`.
    function proveSum(uint256 id, State calldata given, bytes calldata evidence) external {
        State memory s = _enter(id, given, Phase.PROVE_SUM);
        (bool ok, bytes memory answer) = _ask(Verdicts.sums.selector, s, evidence);
        if (!ok) return _unsound(id, s, answer, _staked(Phase.PROVE_SUM));
        (bytes32 before, bytes32 truth) = abi.decode(answer, (bytes32, bytes32));
        if (before != s.sums) revert NotBelow(s.sums);
        _computed(id, s, uint256(s.node), uint256(truth));
    }

    /// @notice C: the agreed state lists another root under the input's name, or the step's values, on which both
    /// agree, give another state.
    /// @param evidence Arguments of `Verdicts.input` or `Verdicts.post`.
    function proveRoot(uint256 id, State calldata given, bytes calldata evidence) external {
        Phase phase = _games[id].phase;
        if (phase != Phase.PROVE_INPUT && phase != Phase.PROVE_POST) revert WrongPhase(phase);
        State memory s = _enter(id, given, phase);
        bytes4 selector = phase == Phase.PROVE_INPUT ? Verdicts.input.selector : Verdicts.post.selector;
        _computed(id, s, uint256(s.root), abi.decode(_answer(selector, s, evidence), (uint256)));
    }

    /// @notice Anyone: ends a game whose player to move is out of time, or whose claim has fallen meanwhile.
    function timeout(uint256 id, State calldata given) external {
        Game storage game = _games[id];
        Phase phase = game.phase;
        if (phase == Phase.NONE || phase >= Phase.CHALLENGER_WINS) revert WrongPhase(phase);
        State memory s = _load(id, given);
        bool defender = _defenderMoves(phase);
        uint256 deadline = game.moved + (defender ? game.defenderClock : game.challengerClock);
        bool fallen = _stands[s.claimant][s.stand] & 0xf0 == uint256(ClaimStatus.DEFEATED) << 4;
        if (block.timestamp <= deadline && !fallen) revert InTime(deadline);
        _finish(id, s, defender, _staked(phase));
    }

    /// @inheritdoc IDisputes
    function gameOf(uint256 id)
        external
        view
        returns (GameStatus status, Phase phase, address challenger, bool defenderMoves, uint256 deadline)
    {
        Game storage game = _games[id];
        (phase, challenger) = (game.phase, game.challenger);
        if (phase == Phase.CHALLENGER_WINS) status = GameStatus.CHALLENGER_WINS;
        if (phase == Phase.DEFENDER_WINS) status = GameStatus.DEFENDER_WINS;
        defenderMoves = _defenderMoves(phase);
        deadline = game.moved + (defenderMoves ? game.defenderClock : game.challengerClock);
    }

    // ---------------------------------------------------------------- inside

    /// @dev keccak256(abi.encode(id, keccak256(abi.encode(s)))): a state has value types only, one word each.
    function _hash(uint256 id, State memory s) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            mstore(0x00, id)
            mstore(0x20, keccak256(s, STATE_BYTES))
            hash := keccak256(0x00, 0x40)
        }
    }

    /// @dev The state that the game was left in. What is copied unchecked has the hash of what was checked before.
    function _load(uint256 id, State calldata given) private view returns (State memory s) {
        assembly ("memory-safe") {
            calldatacopy(s, given, STATE_BYTES)
        }
        if (_hash(id, s) != _games[id].state) revert WrongState(id);
    }

    function _defenderMoves(Phase phase) private pure returns (bool) {
        return phase == Phase.SPLIT || phase == Phase.TRACE || phase == Phase.EXPAND_VALUES
            || phase == Phase.EXPAND_LEAVES || phase == Phase.REVEAL || phase == Phase.SUMS;
    }

    /// @dev Checks phase, state and mover, and takes the time since the last move off the mover's clock.
    function _enter(uint256 id, State calldata given, Phase phase) private returns (State memory s) {
        Game storage game = _games[id];
        if (game.phase != phase) revert WrongPhase(game.phase);
        s = _load(id, given);
        uint256 spent = block.timestamp - game.moved;
        if (_defenderMoves(phase)) {
            if (msg.sender != s.claimant) revert NotYourMove(msg.sender);
            if (spent > game.defenderClock) revert OutOfTime(game.moved + game.defenderClock);
            game.defenderClock -= uint24(spent);
        } else {
            if (msg.sender != game.challenger) revert NotYourMove(msg.sender);
            if (spent > game.challengerClock) revert OutOfTime(game.moved + game.challengerClock);
            game.challengerClock -= uint24(spent);
        }
        game.moved = uint40(block.timestamp);
    }

    function _leave(uint256 id, State memory s, Phase next, bytes32[] memory posted) private {
        Game storage game = _games[id];
        game.phase = next;
        game.state = _hash(id, s);
        emit Moved(id, next, s, posted);
    }

    /// @dev One winner. A claim that fell in another game leaves this challenger with what it put up.
    function _finish(uint256 id, State memory s, bool challengerWins, uint256 staked) private {
        Game storage game = _games[id];
        address challenger = game.challenger;
        uint256 word = _stands[s.claimant][s.stand] - 0x100;
        uint256 reward = 0;
        uint256 burnt = 0;
        bool fallen = word & 0xf0 == uint256(ClaimStatus.DEFEATED) << 4;
        if (fallen || challengerWins) {
            game.phase = Phase.CHALLENGER_WINS;
            if (fallen) {
                _stands[s.claimant][s.stand] = word;
            } else {
                burnt = _claimBond + _grown(word & 0xf);
                reward = _defeat(s.claimant, s.stand, word);
                burnt -= reward;
            }
            _unlock(challenger, staked, reward);
            emit Ended(id, GameStatus.CHALLENGER_WINS, reward, burnt);
        } else {
            game.phase = Phase.DEFENDER_WINS;
            _stands[s.claimant][s.stand] = word;
            reward = _slash(challenger, staked);
            _credit(s.claimant, reward);
            emit Ended(id, GameStatus.DEFENDER_WINS, reward, staked - reward);
        }
    }

    /// @dev What the challenger has put up when the game waits in this phase.
    function _staked(Phase phase) private view returns (uint256) {
        if (phase <= Phase.CHOOSE_STEP) return _challengeBond;
        if (phase <= Phase.EXPAND_VALUES) return 3 * uint256(_challengeBond);
        return 7 * uint256(_challengeBond);
    }

    function _computed(uint256 id, State memory s, uint256 claimed, uint256 truth) private {
        emit Computed(id, claimed, truth);
        _finish(id, s, truth != claimed, _staked(Phase.PROVE_ELEMENT));
    }

    /// @dev Where the program itself is at fault nothing can make the claim right. Other failures are the mover's.
    function _unsound(uint256 id, State memory s, bytes memory reason, uint256 staked) private {
        bytes4 selector = bytes4(reason);
        if (
            selector != IReferee.Unfit.selector && selector != RefereeSet.NoReferee.selector
                && selector != MerkleTensor.TooLarge.selector
        ) _raise(reason);
        _finish(id, s, true, staked);
    }

    function _raise(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason))
        }
    }

    /// @dev Asks the verdicts: the party's bytes, with what is asked written over their first words.
    function _ask(bytes4 selector, State memory s, bytes calldata evidence)
        private
        view
        returns (bool ok, bytes memory answer)
    {
        bytes memory head = abi.encodeWithSelector(
            selector,
            s.job,
            Verdicts.Point({
                step: s.low,
                value: s.value,
                values: s.values,
                trace: s.trace,
                root: s.root,
                before: s.lowRoot,
                index: s.index,
                first: s.first,
                last: s.first + s.count
            })
        );
        uint256 length = head.length - 4;
        if (evidence.length < length) revert WrongCount(evidence.length, length);
        return address(verdicts).staticcall(bytes.concat(head, evidence[length:]));
    }

    function _answer(bytes4 selector, State memory s, bytes calldata evidence) private view returns (bytes memory) {
        (bool ok, bytes memory answer) = _ask(selector, s, evidence);
        if (!ok) _raise(answer);
        return answer;
    }

    function _parts(State memory s) private pure returns (uint256) {
        uint256 steps = s.high - s.low;
        return steps < PARTS ? steps : PARTS;
    }

    function _border(State memory s, uint256 part, uint256 parts) private pure returns (uint64) {
        return s.low + uint64(uint256(s.high - s.low) * part / parts);
    }

    function _children(State memory s, bytes32[] calldata nodes) private pure {
        uint256 wanted = Nodes.children(s.count);
        if (nodes.length != wanted) revert WrongCount(nodes.length, wanted);
    }

    /// @dev From the node to one of its children.
    function _descend(State memory s, uint256 child, bytes32 node, bytes32[] calldata path) private view {
        uint256 count = Nodes.children(s.count);
        if (child >= count) revert OutOfRange(child, count);
        if (!Merkle.verifyInclusion(s.node, count, child, node, path)) revert NotBelow(s.node);
        uint256 width = Nodes.width(s.count);
        uint256 rest = s.count - child * width;
        s.node = node;
        s.first += uint64(child * width);
        s.count = uint64(rest < width ? rest : width);
    }

    /// @dev The sums but the first, which both players have, word after word: logged, so that the challenger finds them
    /// however the call was made. All have the last one's width: the challenger has to bring them again.
    function _sums(uint256[][] calldata list) private pure returns (bytes32[] memory words) {
        uint256 parts = list.length - 1;
        uint256 width = list[parts].length;
        words = new bytes32[](parts * width);
        for (uint256 i = 0; i < parts; i++) {
            uint256[] calldata sums = list[i + 1];
            if (sums.length != width) revert WrongCount(sums.length, width);
            for (uint256 j = 0; j < width; j++) words[i * width + j] = bytes32(sums[j]);
        }
    }

    /// @dev Bytes in whole words, the last one filled with zeros.
    function _words(bytes calldata data) private pure returns (bytes32[] memory words) {
        words = new bytes32[]((data.length + 31) / 32);
        assembly ("memory-safe") {
            calldatacopy(add(words, 0x20), data.offset, data.length)
        }
    }

    function _pieces(bytes calldata leaf) private pure returns (bytes32[] memory hashes) {
        uint256 length = _pieceLength(leaf.length);
        hashes = new bytes32[]((leaf.length + length - 1) / length);
        for (uint256 i = 0; i < hashes.length; i++) {
            uint256 end = (i + 1) * length;
            hashes[i] = keccak256(leaf[i * length:end < leaf.length ? end : leaf.length]);
        }
    }

    /// @dev Bytes of one piece, a multiple of eight, so that no element is cut.
    function _pieceLength(uint256 length) private pure returns (uint256) {
        return ((length + 8 * PIECES - 1) / (8 * PIECES)) * 8;
    }

    /// @dev Bytes of one element.
    function _width(uint8 dtype) private pure returns (uint256) {
        return dtype == 1 ? 1 : dtype == 3 ? 8 : 4;
    }

    /// @dev Takes what the defender's leaf says of an element into the state.
    function _name(State memory s, uint256 index, bytes calldata piece, bytes32[] calldata pieces) private pure {
        if (keccak256(abi.encodePacked(pieces)) != s.node) revert NotBelow(s.node);
        uint256 begin = s.first * MerkleTensor.LEAF_ELEMENTS;
        uint256 rest = s.size - begin;
        if (rest > MerkleTensor.LEAF_ELEMENTS) rest = MerkleTensor.LEAF_ELEMENTS;
        if (index < begin || index - begin >= rest) revert OutOfRange(index, s.size);
        uint256 width = _width(s.dtype);
        uint256 length = _pieceLength(rest * width);
        uint256 offset = (index - begin) * width;
        if (keccak256(piece) != pieces[offset / length]) revert NotBelow(s.node);
        offset %= length;
        s.index = uint64(index);
        // Little-endian; integers keep their sign.
        uint256 bits = 0;
        for (uint256 i = width; i > 0; i--) bits = (bits << 8) | uint8(piece[offset + i - 1]);
        if (s.dtype == 1) bits = uint256(int256(int8(uint8(bits))));
        if (s.dtype == 2) bits = uint256(int256(int32(uint32(bits))));
        if (s.dtype == 3) bits = uint256(int256(int64(uint64(bits))));
        s.bits = bits;
    }
}
