using System.Text;

namespace Countersign.Core.Ledger;

/// <summary>The name of a note key (C2SP signed-note): for a log's own key, its origin.</summary>
public readonly record struct KeyName
{
    /// <summary>Cosignatures count the name with one byte (C2SP tlog-cosignature).</summary>
    public const int MaxBytes = byte.MaxValue;

    private readonly string? _value;

    public KeyName(string value)
    {
        if (!IsValid(value))
        {
            throw new FormatException(
                $"'{value}' is not a key name: use 1 to {MaxBytes} bytes without spaces, control characters or '+', "
                + "for example 'ledger.example.com/team'.");
        }

        _value = value;
    }

    public string Value => _value ?? throw new InvalidOperationException("A default KeyName names no key.");

    public override string ToString() => _value ?? "";

    private static bool IsValid(string value) =>
        value.Length > 0 && !value.Contains('+', StringComparison.Ordinal) && !value.Any(char.IsWhiteSpace)
        && NoteText.IsLine(value) && Encoding.UTF8.GetByteCount(value) <= MaxBytes;
}
