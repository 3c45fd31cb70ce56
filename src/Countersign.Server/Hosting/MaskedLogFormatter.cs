using System.Globalization;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Countersign.Server.Hosting;

/// <summary>
/// Writes a log message like the simple console format, with every secret in it masked: no message means to hold one,
/// and an exception from a library may all the same (THR-097).
/// </summary>
internal sealed class MaskedLogFormatter() : ConsoleFormatter(FormatName)
{
    public const string FormatName = "masked";

    /// <summary>More of one message is cut: a log that is flooded is not read.</summary>
    public const int MaxLength = 32 * 1024;

    private const string Padding = "      ";

    private readonly TargetRedactor _redactor = new(new TargetRedaction(
        RedactionPlan.Create(new RedactionOptions { Kinds = DataKinds.Named("secrets") }), FieldRules.None));

    public override void Write<TState>(
        in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception) ?? "";
        var text = logEntry.Exception is { } exception
            ? message.Length > 0 ? $"{message}\n{exception}" : exception.ToString()
            : message;
        if (text.Length == 0)
        {
            return;
        }

        var id = logEntry.EventId.Id.ToString(CultureInfo.InvariantCulture);
        textWriter.Write($"{LevelOf(logEntry.LogLevel)}: {logEntry.Category}[{id}]");
        textWriter.Write(Environment.NewLine + Padding);
        textWriter.Write(Mask(text).ReplaceLineEndings(Environment.NewLine + Padding));
        textWriter.Write(Environment.NewLine);
    }

    /// <summary>The text without secrets; masked before it is cut, so that no part of one stays.</summary>
    public string Mask(string text)
    {
        // A secret is much shorter than what is looked at beyond the cut.
        var bounded = text.Length > 2 * MaxLength ? text[..(2 * MaxLength)] : text;
        var masked = _redactor.Redact(bounded, out _);
        return masked.Length > MaxLength || text.Length > bounded.Length
            ? $"{masked[..Math.Min(masked.Length, MaxLength)]} (cut: {text.Length} characters)"
            : masked;
    }

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
