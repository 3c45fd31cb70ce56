using System.Diagnostics;

namespace Countersign.Gates.Credentials;

/// <summary>
/// A text that goes to one place and is shown nowhere: whatever prints, logs or serialises it gets the word instead.
/// </summary>
[DebuggerDisplay("(secret)")]
internal sealed class Secret
{
    private readonly string _value;

    public Secret(string value) => _value = value;

    /// <summary>The text itself, for whoever sends it.</summary>
    public string Reveal() => _value;

    public override string ToString() => "(secret)";
}
