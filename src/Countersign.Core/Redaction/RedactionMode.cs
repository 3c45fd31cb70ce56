namespace Countersign.Core.Redaction;

/// <summary>What a text is, and so how much a value's form has to say by itself.</summary>
public enum RedactionMode
{
    /// <summary>Prose, logs, messages: rather a mask too many than a value too much.</summary>
    Text,

    /// <summary>Values of columns: what could as well be an identifier needs the column's name beside it.</summary>
    Columns,
}

/// <summary>What a column holds, as far as masking is concerned.</summary>
public enum ColumnType
{
    /// <summary>Characters.</summary>
    Text,

    /// <summary>Numbers: without a name that says otherwise they are amounts, counts and keys.</summary>
    Number,
}
