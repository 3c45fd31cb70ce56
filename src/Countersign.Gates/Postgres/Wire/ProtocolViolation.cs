namespace Countersign.Gates.Postgres.Wire;

/// <summary>
/// A peer sent what the protocol does not allow, or more than a limit. It is the only exception that bytes can cause.
/// </summary>
/// <param name="text">What was wrong, as the peer may read it.</param>
internal sealed class ProtocolViolation(string text) : Exception(text)
{
    public string SqlState { get; init; } = Wire.SqlState.ProtocolViolation;

    /// <summary>
    /// The border of the next message is lost, or trust is: the connection ends. Otherwise the message alone was
    /// wrong, and PostgreSQL itself would answer ERROR and go on.
    /// </summary>
    public bool IsFatal { get; init; }

    public ErrorFields ToErrorFields() => new()
    {
        Severity = IsFatal ? ErrorFields.Fatal : ErrorFields.Error,
        Code = SqlState,
        Message = Message,
    };
}
