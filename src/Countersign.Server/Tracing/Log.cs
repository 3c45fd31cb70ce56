namespace Countersign.Server.Tracing;

/// <summary>What the export of traces logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning,
        "The OTLP collector does not take traces; actions go on, and spans are lost until it does")]
    public static partial void TracesNotTaken(this ILogger log);

    [LoggerMessage(2, LogLevel.Information, "The OTLP collector takes traces again")]
    public static partial void TracesTakenAgain(this ILogger log);
}
