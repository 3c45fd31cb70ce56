namespace Countersign.Core.Redaction;

/// <summary>What a sensitive value is: an e-mail address, a payment card, a token of one service.</summary>
public sealed class DataKind
{
    internal DataKind(string name, string label, DataGroup group, int index) =>
        (Name, Label, Group, Index) = (name, label, group, index);

    /// <summary>The name in configuration, in masks and in reports: <c>email</c>.</summary>
    public string Name { get; }

    /// <summary>The name of the entity in labelled data and in spans: <c>EMAIL_ADDRESS</c>.</summary>
    public string Label { get; }

    /// <summary>The group that configuration may name instead of each kind.</summary>
    public DataGroup Group { get; }

    /// <summary>The place of the kind in tables of one plan.</summary>
    internal int Index { get; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Kinds that are switched on together.</summary>
public enum DataGroup
{
    /// <summary>What identifies a person.</summary>
    Personal,

    /// <summary>Numbers of cards and accounts.</summary>
    Financial,

    /// <summary>Numbers that a state gave to a person.</summary>
    National,

    /// <summary>Addresses of machines and pages.</summary>
    Network,

    /// <summary>Keys, tokens and passwords.</summary>
    Secrets,

    /// <summary>What the operator's own patterns, dictionaries and rules name.</summary>
    Custom,
}
