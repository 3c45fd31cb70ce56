namespace Countersign.Gates.Postgres;

/// <summary>Why a statement that ran was undone: it would have gone beyond what people approved.</summary>
internal static class OutOfBounds
{
    private const string NoEffect = "Its transaction was rolled back, so nothing of it took effect.";

    public static Refusal Overdue() => new(
        Refusal.QueryCanceled, "The statement took longer than it may, and was cancelled.")
    {
        Detail = NoEffect,
    };

    public static Refusal Uncounted() => new(
        Refusal.ProgramLimitExceeded, "The statement has more rows than were asked for at once, and a bound on them.")
    {
        Detail = "Nobody would count the rest. Its transaction was rolled back, so nothing of it took effect.",
        Hint = "Execute it without a limit of rows.",
    };

    public static Refusal TooMuch(long bytes) => new(
        Refusal.ProgramLimitExceeded, $"The statement returned more than the {bytes} bytes that were approved.")
    {
        Detail = NoEffect,
        Hint = "Narrow it down; what was returned so far is not all of it.",
    };

    public static Refusal TooMany(long rows) => new(
        Refusal.ProgramLimitExceeded, $"The statement concerned more than the {rows} rows that were approved.")
    {
        Detail = NoEffect,
        Hint = "Narrow it down; sending it again asks for approval of what it would do now.",
    };
}
