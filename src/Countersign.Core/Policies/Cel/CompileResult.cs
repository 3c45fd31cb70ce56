using System.Collections.Immutable;

namespace Countersign.Core.Policies.Cel;

/// <summary>An expression is compiled to a program, or refused with every reason found.</summary>
public abstract record CompileResult
{
    private CompileResult()
    {
    }

    public sealed record Ok(CelProgram Program) : CompileResult;

    public sealed record Failed(ImmutableArray<CelError> Errors) : CompileResult;
}
