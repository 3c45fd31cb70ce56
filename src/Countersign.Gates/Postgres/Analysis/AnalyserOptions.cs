namespace Countersign.Gates.Postgres.Analysis;

/// <summary>How the gate asks a target what statements do.</summary>
/// <param name="ConnectionString">
/// Npgsql connection string of the resolver: the target itself, or the primary that it names (<c>resolver:</c>).
/// </param>
internal sealed record AnalyserOptions(string ConnectionString)
{
    /// <summary>
    /// Role that statements are resolved as. It takes USAGE on the schemas and TEMP on the database, and no privilege
    /// on a relation. Input functions of constants run while a statement is resolved, so it should be able to do
    /// nothing; best is a connection that logs in as that role.
    /// </summary>
    public string? Role { get; init; }

    /// <summary>Longest time that the server may spend on one round.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections for analysis; whoever finds none free waits for one.</summary>
    public int Connections { get; init; } = 4;

    /// <summary>How long what was found out about reads stands without asking whether the catalog changed.</summary>
    public TimeSpan CatalogAge { get; init; } = TimeSpan.FromSeconds(1);
}
