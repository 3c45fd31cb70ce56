using Countersign.Gates.Postgres.Masking;

namespace Countersign.Gates.Postgres;

/// <summary>
/// A bound statement. One that the policy lets run at once exists at the database; every other one exists only here
/// until it may run, because planning alone can execute code.
/// </summary>
internal sealed class Portal(string name, Prepared statement, ReadOnlyMemory<byte> bind)
{
    public string Name => name;

    /// <summary>The statement as it was when it was bound, whatever has its name now.</summary>
    public Prepared Statement => statement;

    /// <summary>
    /// What a Bind says after the names: formats and values of the parameters, formats of the results.
    /// </summary>
    public ReadOnlyMemory<byte> Bind => bind;

    /// <summary>How it may pass as a read; <c>null</c> when it is none, or has to be asked for.</summary>
    public Allowed? Allowed { get; init; }

    /// <summary>What was judged when it was bound; the statement may be read anew meanwhile.</summary>
    public ReadStatement? Passed { get; init; }

    /// <summary>What masks its rows, once it exists at the database; <c>null</c> where nothing is masked.</summary>
    public ResultMask? Mask { get; set; }

    /// <summary>By the order in which portals were bound.</summary>
    public long Number { get; set; }

    /// <summary>
    /// The unnamed portal before it, until the database has taken the Bind of this one; it stays if that is dropped.
    /// </summary>
    public Portal? Replaced { get; set; }

    /// <summary>Whether it exists at the database.</summary>
    public bool IsOnServer { get; set; }
}
