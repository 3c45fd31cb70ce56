namespace Countersign.Core.Actions;

/// <summary>
/// One privileged operation in canonical form. The digest covers target, operation and every argument, and neither who
/// asks nor when nor why (DESIGN section 2.1).
/// </summary>
public sealed class CanonicalAction
{
    private CanonicalAction(TargetName target, string operation, ReadOnlyMemory<byte> arguments, ActionDigest digest)
    {
        Target = target;
        Operation = operation;
        Arguments = arguments;
        Digest = digest;
    }

    public TargetName Target { get; }

    /// <summary>The gate's own word: a tool's name, <c>sql</c>, <c>METHOD path</c>, a program.</summary>
    public string Operation { get; }

    /// <summary>The arguments as canonical JSON (RFC 8785): what was approved and what is sent.</summary>
    public ReadOnlyMemory<byte> Arguments { get; }

    public ActionDigest Digest { get; }

    /// <summary>Composes an action from arguments that are canonical already.</summary>
    public static CanonicalAction Of(TargetName target, string operation, ReadOnlyMemory<byte> canonicalArguments)
    {
        var document = CanonicalDocument.Of(target, operation, canonicalArguments.Span);
        return new CanonicalAction(target, operation, canonicalArguments, ActionDigest.Of(document));
    }
}
