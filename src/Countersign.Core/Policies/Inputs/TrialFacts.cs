using System.Text.Json;
using Countersign.Core.Policies.Cel;

namespace Countersign.Core.Policies.Inputs;

/// <summary>
/// Facts written as JSON: an object for each variable with a member for each fact, such as
/// <c>{"sql": {"verbs": ["DROP"]}}</c>. A function is written as the answers it gives, by its argument:
/// <c>{"history": {"count": {"1h": 3}}}</c>. What is not written is unknown.
/// </summary>
internal sealed class TrialFacts
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<string> _errors = [];

    private TrialFacts()
    {
    }

    public FactFrame Frame { get; } = new(PolicySchema.Instance.Schema);

    public IReadOnlySet<string> Known => _known;

    /// <summary>Why the facts cannot be used; a misspelt name would otherwise pass for an unknown fact.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public static TrialFacts Read(JsonElement document)
    {
        var facts = new TrialFacts();
        if (document.ValueKind != JsonValueKind.Object)
        {
            facts._errors.Add("the facts are a JSON object with a member for each variable, such as 'action'");
            return facts;
        }

        foreach (var variable in document.EnumerateObject())
        {
            facts.ReadVariable(variable);
        }

        return facts;
    }

    private void ReadVariable(JsonProperty variable)
    {
        if (variable.Value.ValueKind != JsonValueKind.Object)
        {
            _errors.Add($"'{variable.Name}' is a JSON object with a member for each fact");
            return;
        }

        foreach (var member in variable.Value.EnumerateObject())
        {
            var name = $"{variable.Name}.{member.Name}";
            if (!TrySet(name, member.Value))
            {
                var nearest = Nearest.To(name, PolicySchema.Instance.Schema.Names);
                _errors.Add($"no fact is called '{name}'" + (nearest is null ? "" : $" (did you mean '{nearest}'?)"));
            }
            else if (!_known.Add(name))
            {
                _errors.Add($"the fact '{name}' comes twice");
            }
        }
    }

    private bool TrySet(string name, JsonElement json)
    {
        if (PolicySchema.Instance.Facts.TryGetValue(name, out var fact))
        {
            var value = DerivedFacts.FromJson(json, fact.Fact.Type, name);
            Frame.Set(fact.Fact, value);
            AddError(value);
            return true;
        }

        if (PolicySchema.Instance.Functions.TryGetValue(name, out var function))
        {
            Frame.Bind(function.Function, Answers(name, function.Function, json));
            return true;
        }

        return false;
    }

    private CelFunction Answers(string name, FactFunction function, JsonElement json)
    {
        var answers = new Dictionary<string, CelValue>(StringComparer.Ordinal);
        if (json.ValueKind != JsonValueKind.Object)
        {
            _errors.Add($"'{name}' is a function: write its answers by argument, such as {{\"ARGUMENT\": ANSWER}}");
        }
        else
        {
            foreach (var answer in json.EnumerateObject())
            {
                answers[answer.Name] = DerivedFacts.FromJson(answer.Value, function.Result, $"{name}('{answer.Name}')");
                AddError(answers[answer.Name]);
            }
        }

        return arguments => answers.TryGetValue(arguments[0].AsString, out var answer)
            ? answer
            : CelValue.Error($"the facts do not say what {name}({arguments[0]}) is");
    }

    private void AddError(in CelValue value)
    {
        if (value.IsError)
        {
            _errors.Add(value.Fault.Reason);
        }
    }
}
