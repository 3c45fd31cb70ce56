using Countersign.Core.Actions.Json;

namespace Countersign.Core.Actions;

/// <summary>
/// One privileged operation in canonical form. The digest covers target, operation and every argument, and neither who
/// asks nor when nor why (DESIGN section 2.1).
/// </summary>
public sealed class CanonicalAction
{
    private CanonicalAction(TargetName target, string operation, CanonicalJson arguments, ActionDigest digest)
    {
        Target = target;
        Operation = operation;
        Arguments = arguments;
        Digest = digest;
    }

    public TargetName Target { get; }

    /// <summary>The gate's own word: a tool's name, <c>sql</c>, <c>METHOD path</c>, a program.</summary>
    public string Operation { get; }

    /// <summary>The arguments: what was approved and what is sent, byte for byte.</summary>
    public CanonicalJson Arguments { get; }

    public ActionDigest Digest { get; }

    /// <summary>
    /// The same action for readers, some of whose words are masked; its digest stays that of what will run.
    /// </summary>
    internal CanonicalAction ShownAs(string operation, CanonicalJson arguments) =>
        new(Target, operation, arguments, Digest);

    /// <summary>Composes an action and its digest.</summary>
    /// <exception cref="ArgumentException">The operation holds a lone surrogate.</exception>
    public static CanonicalAction Of(TargetName target, string operation, CanonicalJson arguments)
    {
        var document = new CanonicalObject()
            .Add("target", target.Value)
            .Add("operation", operation)
            .Add("arguments", arguments)
            .ToCanonicalJson();
        return new CanonicalAction(target, operation, arguments, ActionDigest.Of(document.Bytes.Span));
    }
}
