namespace Countersign.Tests.Support;

/// <summary><c>./test full</c>: what is a sample otherwise is done as a whole, and takes longer.</summary>
internal static class FullRun
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("COUNTERSIGN_FULL") == "1";

    /// <summary>Every one of a series, or every so many.</summary>
    public static int Step(int sample) => IsOn ? 1 : sample;
}
