namespace Countersign.Core.Policies;

/// <summary>One file of a policy: the name that errors show, and its whole text.</summary>
public sealed record PolicyText(string Name, string Text);
