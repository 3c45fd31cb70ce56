using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Cel.Ast;
using Countersign.Core.Policies.Cel.Parsing;
using Countersign.Core.Policies.Inputs;
using Countersign.Core.Policies.Yaml;

namespace Countersign.Core.Policies;

/// <summary>A compiled <c>when</c>: what it asks, what it reads, where it can be asked.</summary>
internal sealed class PolicyCondition
{
    private PolicyCondition(YamlNode.Scalar source, CelProgram program, Expression tree)
    {
        Text = source.Text;
        At = source.At;
        Program = program;
        Tree = tree;
        Gates = PolicySchema.Instance.GatesWith(program.Reads);
    }

    public string Text { get; }

    public SourcePosition At { get; }

    public CelProgram Program { get; }

    public Expression Tree { get; }

    public GateSet Gates { get; }

    public bool ReadsPreview => Reads("preview.");

    public bool ReadsClaimed => Reads("claimed.");

    /// <summary>Compiles a condition; what is wrong with it is reported at its place in the file.</summary>
    public static PolicyCondition? Compile(YamlNode.Scalar source, PolicyErrors errors)
    {
        var result = CelExpression.Compile(source.Text, PolicySchema.Instance.Schema);
        if (result is CompileResult.Failed failed)
        {
            foreach (var error in failed.Errors)
            {
                errors.Add(source.PositionOf(error.Line, error.Column), error.Message, error.Suggestion);
            }

            return null;
        }

        var program = ((CompileResult.Ok)result).Program;
        if (program.ResultType != CelType.Bool && program.ResultType != CelType.Dyn)
        {
            errors.Add(source.At, $"'when' is a condition, true or false; this one is {program.ResultType}");
            return null;
        }

        Parser.TryParse(source.Text, CelLimits.Default, out var tree, out _);
        return new PolicyCondition(source, program, tree);
    }

    private bool Reads(string prefix) =>
        Program.Reads.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));
}
