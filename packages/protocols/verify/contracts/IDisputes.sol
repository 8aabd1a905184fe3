// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title IDisputes: claims about runs, and the game that finds out who is right (rules D1.. of SPEC.md)
/// @notice A claimant stands with a bond for "job J gives result R". Within the window anyone may challenge. A game halves
/// by sixteen: over the run's states to one step, over the values of that step to one value, over the value's leaves
/// to one element, which the chain computes. Many games may run against one claim; one lost game defeats it.
/// @dev Safety: SHA-256 and keccak256; the referees' arithmetic; one honest challenger who has the job's bytes. Liveness: a party
/// that gets one transaction into the chain within its clock. Nobody has a key to anything.
interface IDisputes {
    enum GameStatus {
        IN_PROGRESS,
        CHALLENGER_WINS,
        DEFENDER_WINS
    }

    enum ClaimStatus {
        NONE,
        STANDING,
        FINAL,
        DEFEATED
    }

    /// @notice What a game waits for, and from whom: D the claimant, C the challenger.
    enum Phase {
        NONE,
        SPLIT, // D: states between the agreed and the disputed one
        CHOOSE_STEP, // C: the first part whose end differs
        TRACE, // D: roots of all values of the disputed step
        CHOOSE_VALUE, // C: the first that differs
        EXPAND_VALUES, // D: nodes below the chosen one
        EXPAND_LEAVES, // D: nodes of the value's own tree
        CHOOSE_LEAF, // C: one that differs
        REVEAL, // D: the leaf's bytes
        PROVE_ELEMENT, // C: an element of the leaf, and the operands' leaves
        PROVE_INPUT, // C: the step's first state lists another root
        PROVE_POST, // C: the step's values give another state
        SUMS, // D: running sums of a long reduction
        CHOOSE_SUM, // C: the first that differs
        PROVE_SUM, // C: the operands' leaves of that range
        CHALLENGER_WINS,
        DEFENDER_WINS
    }

    /// @notice Money in token units, time in seconds. Bonds of a rung are 1, 2 and 4 times the first.
    struct Terms {
        uint128 claimBond;
        uint128 challengeBond;
        uint40 window;
        uint24 clock;
    }

    /// @notice Where a game stands. The chain keeps its hash; whoever moves brings it.
    /// @dev State 0 of a run is nothing, state 1 what it begins with, state s + 1 what it has after step s.
    struct State {
        address claimant;
        uint64 stand;
        bytes32 job;
        bytes32 result;
        uint64 low; // agreed state
        uint64 high; // disputed state
        bytes32 lowRoot;
        bytes32 highRoot;
        bytes32 trace; // root over the values' roots and highRoot
        uint64 values; // leaves of the trace
        uint64 value; // disputed value
        bytes32 root; // its root as the defender says
        uint64 size; // its elements
        uint8 dtype; // 0 binary32, 1 int8, 2 int32, 3 int64
        bytes32 node; // node in dispute, or the hash of what was posted
        uint64 first; // first leaf below the node; first term of a sum
        uint64 count; // leaves below the node; terms of a sum
        uint64 index; // disputed element
        uint256 bits; // what the defender says it is
        bytes32 sums; // hash of the agreed and of the disputed running sum
    }

    event Claimed(
        address indexed claimant, uint64 indexed stand, bytes32 indexed job, bytes32 result, bytes32 manifest
    );
    event Finalised(address indexed claimant, uint64 indexed stand);
    event Released(address indexed claimant, uint64 indexed stand);
    event Refuted(address indexed claimant, uint64 indexed stand, address indexed by);
    event Challenged(uint256 indexed game, address indexed claimant, uint64 indexed stand, address challenger);
    /// @notice A move; `posted` is what the defender gave with it: hashes, a leaf's bytes or running sums, in words.
    event Moved(uint256 indexed game, Phase phase, State state, bytes32[] posted);
    /// @notice The chain computed `truth` where the defender said `claimed`.
    event Computed(uint256 indexed game, uint256 claimed, uint256 truth);
    event Ended(uint256 indexed game, GameStatus status, uint256 reward, uint256 burned);

    error NotOpen(address claimant, uint64 stand);
    error StandInUse(address claimant, uint64 stand);
    error WrongClaim(address claimant, uint64 stand);
    error WrongJob(bytes32 job);
    error JobIsSound(bytes32 job);
    error WindowOver(uint256 deadline);
    error WindowOpen(uint256 deadline);
    error AlreadyChallenged(uint256 game);
    error WrongPhase(Phase phase);
    error WrongState(uint256 game);
    error NotYourMove(address mover);
    error OutOfTime(uint256 deadline);
    error InTime(uint256 deadline);
    error WrongCount(uint256 given, uint256 wanted);
    error OutOfRange(uint256 index, uint256 count);
    error NotBelow(bytes32 node);
    error WrongLeaf();

    /// @notice Stands for "`job` gives `result`"; locks the bond when the stand has none. A stand whose last claim is over
    /// is used again. `manifest` is the SHA-256 of what is needed to run the job again.
    function post(uint64 stand, bytes32 job, bytes32 result, bytes32 manifest) external;

    /// @notice Tells the world that a claim survived its window and every game; `claimOf` says so without it.
    function finalise(address claimant, uint64 stand) external;

    /// @notice Gives the bond of a stand back whose claim is over.
    function release(uint64 stand) external;

    /// @notice What a stand's claim is, told by time and games: FINAL needs no transaction.
    function claimOf(address claimant, uint64 stand)
        external
        view
        returns (ClaimStatus status, uint256 digest, uint256 deadline, uint256 games);

    /// @notice Status of this very claim; NONE when the stand holds another.
    function statusOf(address claimant, uint64 stand, bytes32 job, bytes32 result)
        external
        view
        returns (ClaimStatus);

    /// @notice A game: its status, what it waits for, whose move it is, and until when.
    function gameOf(uint256 game)
        external
        view
        returns (GameStatus status, Phase phase, address challenger, bool defenderMoves, uint256 deadline);
}
