using Countersign.Gates.Postgres.Wire;

namespace Countersign.Gates.Postgres.Masking;

/// <summary>What masking takes at most.</summary>
internal static class MaskLimits
{
    /// <summary>Bytes of one row that has masked columns: it is held as a whole while it is written again.</summary>
    public const int Row = 16 * 1024 * 1024;

    /// <summary>Statements whose masks a session remembers; more are found again.</summary>
    public const int Remembered = 1_000;

    public static ProtocolViolation TooLong(int length) => new(
        $"A row of {length} bytes has masked columns; rows of up to {Row} bytes are masked here. Leave large columns " +
        "out of the statement, or ask for a part of them.")
    {
        IsFatal = true,
    };
}
