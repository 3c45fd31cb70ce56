using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>The name of a log, first line of its checkpoints: a URL without scheme that never changes.</summary>
public readonly record struct LogOrigin
{
    /// <summary>Cosignatures count the origin with one byte (C2SP tlog-cosignature).</summary>
    public const int MaxBytes = byte.MaxValue;

    private readonly string? _value;

    /// <summary>
    /// Other people's logs may have spaces in their origin, so only what would break the line is refused.
    /// </summary>
    public LogOrigin(string value)
    {
        if (value.Length == 0 || !NoteText.IsLine(value) || Encoding.UTF8.GetByteCount(value) > MaxBytes)
        {
            throw new FormatException(
                $"'{value}' is not a log origin: use 1 to {MaxBytes} bytes without line breaks or control characters, "
                + "for example 'ledger.example.com/team'.");
        }

        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("A default LogOrigin names no log.");

    public override string ToString() => _value ?? "";
}
