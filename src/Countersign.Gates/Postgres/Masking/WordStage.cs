namespace Countersign.Gates.Postgres.Masking;

/// <summary>How far a statement had come when the database said something about it.</summary>
internal enum WordStage
{
    /// <summary>Its text was read, or does nothing but name things: no row was looked at.</summary>
    Names,

    /// <summary>Its parameters were read and it was planned: constants were looked at, and no row.</summary>
    Plans,

    /// <summary>It runs: what it says may be about values of rows.</summary>
    Runs,
}
