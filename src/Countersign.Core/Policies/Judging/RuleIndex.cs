using System.Collections.Frozen;
using System.Collections.Immutable;
using Countersign.Core.Policies.Cel;
using Countersign.Core.Policies.Inputs;

namespace Countersign.Core.Policies.Judging;

/// <summary>
/// The rules of one gate and one effect, arranged so that a request meets few of them: rules that ask for a certain
/// text in a fact are found by that text, the others are always asked.
/// </summary>
internal sealed class RuleIndex
{
    private readonly ScreenedRules _always;
    private readonly ImmutableArray<Branch> _branches;

    private RuleIndex(ScreenedRules always, ImmutableArray<Branch> branches)
    {
        _always = always;
        _branches = branches;
    }

    public static RuleIndex Of(IReadOnlyCollection<(Rule Rule, ImmutableArray<Selector> Selectors)> rules)
    {
        var spread = rules
            .SelectMany(rule => rule.Selectors)
            .GroupBy(selector => selector.Fact)
            .ToDictionary(group => group.Key, group => group.SelectMany(s => s.Texts).Distinct().Count());
        var chosen = rules
            .Select(rule => (rule.Rule, Selector: rule.Selectors.MaxBy(selector => spread[selector.Fact])))
            .ToList();
        var branches = chosen
            .Where(rule => rule.Selector is not null)
            .GroupBy(rule => rule.Selector!.Fact)
            .Select(group => Branch.Of(group.Key, [.. group.Select(rule => (rule.Rule, rule.Selector!.Texts))]));
        var others = chosen.Where(rule => rule.Selector is null).Select(rule => rule.Rule);
        return new RuleIndex(ScreenedRules.Of(others), [.. branches]);
    }

    /// <summary>Adds every rule that may match to the list, each at least once.</summary>
    public void Collect(FactFrame frame, List<Rule> found)
    {
        _always.Collect(frame, found);
        foreach (var branch in _branches)
        {
            branch.Collect(frame, found);
        }
    }

    /// <summary>The rules that select by one fact.</summary>
    private sealed class Branch
    {
        private readonly PolicyFact _fact;
        private readonly ScreenedRules _all;
        private readonly FrozenDictionary<string, ScreenedRules> _byText;

        private Branch(PolicyFact fact, ScreenedRules all, FrozenDictionary<string, ScreenedRules> byText)
        {
            _fact = fact;
            _all = all;
            _byText = byText;
        }

        public static Branch Of(PolicyFact fact, ImmutableArray<(Rule Rule, ImmutableHashSet<string> Texts)> rules)
        {
            var byText = rules
                .SelectMany(rule => rule.Texts.Select(text => (Text: text, rule.Rule)))
                .GroupBy(pair => pair.Text, pair => pair.Rule)
                .ToFrozenDictionary(group => group.Key, ScreenedRules.Of);
            return new Branch(fact, ScreenedRules.Of(rules.Select(rule => rule.Rule)), byText);
        }

        public void Collect(FactFrame frame, List<Rule> found)
        {
            var value = frame.Values[_fact.Fact.Slot];
            switch (value.Kind)
            {
                case CelKind.String:
                    AddAt(value.AsString, frame, found);
                    break;
                case CelKind.List:
                    CollectEach(value.AsList, frame, found);
                    break;
                default:
                    // The fact is missing or an error: only the whole condition can say what that means.
                    _all.Collect(frame, found);
                    break;
            }
        }

        private void CollectEach(CelList list, FactFrame frame, List<Rule> found)
        {
            for (var i = 0; i < list.Count; i++)
            {
                AddAt(list[i].AsString, frame, found);
            }
        }

        private void AddAt(string text, FactFrame frame, List<Rule> found)
        {
            if (_byText.TryGetValue(text, out var rules))
            {
                rules.Collect(frame, found);
            }
        }
    }
}
