namespace Countersign.Core.Redaction.Scanning;

/// <summary>How much the form of a value alone says.</summary>
internal enum Certainty
{
    /// <summary>Nothing is there.</summary>
    None,

    /// <summary>It needs a word near it that says what it is.</summary>
    Possible,

    /// <summary>Enough in prose; a value of a column needs the column's name as well.</summary>
    Likely,

    /// <summary>A checksum or a form that hardly anything else has.</summary>
    Certain,
}

/// <summary>What a detector found, in bytes of the view.</summary>
internal readonly record struct Match(int Start, int End, Certainty Certainty, DataKind? Kind = null)
{
    public bool IsFound => Certainty != Certainty.None;
}

/// <summary>What is taken to be sensitive, in bytes of the view.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">The byte behind it.</param>
/// <param name="Kind">What it is.</param>
/// <param name="IsTail">Whether it continues the finding before it, whose mask stands already.</param>
internal readonly record struct Found(int Start, int End, DataKind Kind, bool IsTail = false);
