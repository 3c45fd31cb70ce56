namespace Countersign.Gates.Postgres.Wire.Login;

/// <summary>A database cannot be reached or does not let us in; the text says which one, why, and what to do.</summary>
internal sealed class DatabaseLoginException(string text, Exception? cause = null) : Exception(text, cause)
{
    public string SqlState { get; init; } = Wire.SqlState.ConnectionFailure;

    /// <summary>What the database itself said, when it did.</summary>
    public ErrorFields? Answer { get; init; }
}
