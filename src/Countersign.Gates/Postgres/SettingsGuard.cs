using System.Collections.Frozen;
using Countersign.Gates.Postgres.Parsing;

namespace Countersign.Gates.Postgres;

/// <summary>
/// Which settings a session may change by itself: those that harm nobody, and those that change what a text means,
/// which enter every digest instead. Everything else could take away what the gate relies on.
/// </summary>
internal static class SettingsGuard
{
    /// <summary>Answered by the gate itself, because the database knows nothing of it.</summary>
    public const string Reason = "countersign.reason";

    private static readonly FrozenSet<string> s_harmless = FrozenSet.Create(
        StringComparer.Ordinal,
        "application_name", "bytea_output", "client_min_messages", "cursor_tuple_fraction", "deadlock_timeout",
        "default_text_search_config", "default_transaction_deferrable", "default_transaction_isolation",
        "effective_cache_size", "enable_bitmapscan", "enable_hashagg", "enable_hashjoin", "enable_indexonlyscan",
        "enable_indexscan", "enable_material", "enable_memoize", "enable_mergejoin", "enable_nestloop",
        "enable_parallel_append", "enable_parallel_hash", "enable_partition_pruning", "enable_partitionwise_aggregate",
        "enable_partitionwise_join", "enable_seqscan", "enable_sort", "enable_tidscan", "extra_float_digits",
        "from_collapse_limit", "geqo", "idle_in_transaction_session_timeout", "idle_session_timeout", "jit",
        "join_collapse_limit", "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "lock_timeout",
        "max_parallel_workers_per_gather", "parallel_leader_participation", "plan_cache_mode", "quote_all_identifiers",
        "random_page_cost", "seq_page_cost", "statement_timeout", "synchronize_seqscans", "tcp_keepalives_idle",
        "transaction_deferrable", "transaction_isolation", "work_mem", "xmlbinary", "xmloption");

    /// <summary>They change what a text means or which rows a role sees.</summary>
    private static readonly FrozenSet<string> s_meaning = FrozenSet.Create(
        StringComparer.Ordinal, "datestyle", "intervalstyle", "row_security", "search_path", "timezone");

    /// <summary>Only ever what they are: every text was read under these.</summary>
    private static readonly FrozenDictionary<string, FrozenSet<string>> s_pinned =
        new Dictionary<string, FrozenSet<string>>
        {
            ["client_encoding"] = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "UTF8", "UTF-8", "unicode"),
            ["standard_conforming_strings"] = FrozenSet.Create(
                StringComparer.OrdinalIgnoreCase, "on", "true", "yes", "1"),
            ["backslash_quote"] = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "safe_encoding"),
            ["escape_string_warning"] = FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "on", "off"),
            ["default_transaction_read_only"] = FrozenSet.Create(
                StringComparer.OrdinalIgnoreCase, "on", "true", "off", "false"),
            ["transaction_read_only"] = FrozenSet.Create(
                StringComparer.OrdinalIgnoreCase, "on", "true", "off", "false"),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a change of this setting makes earlier analyses wrong.</summary>
    public static bool ChangesMeaning(string name) => name == "all" || s_meaning.Contains(name);

    public static Refusal? WhyNot(Parsed.Set set)
    {
        if (set.Name == Reason || s_harmless.Contains(set.Name) || s_meaning.Contains(set.Name))
        {
            return null;
        }

        // A reset goes back to what the gate set when it logged in, so everything may be reset.
        if (set.Values is not { } values)
        {
            return null;
        }

        if (s_pinned.TryGetValue(set.Name, out var allowed))
        {
            return values is [var only] && allowed.Contains(only)
                ? null
                : new Refusal(
                    Refusal.CantChangeParameter,
                    $"parameter \"{set.Name}\" cannot be changed through this gateway")
                {
                    Detail = "Statements are understood, approved and recorded under its present value.",
                    Hint = $"Leave it at {string.Join(" or ", allowed.Order(StringComparer.Ordinal).Take(1))}.",
                };
        }

        return new Refusal(
            Refusal.InsufficientPrivilege, $"parameter \"{set.Name}\" may not be set through this gateway")
        {
            Detail = "Only settings that cannot change what a statement may do are passed on.",
            Hint = "Go on without it; if the setting is needed, ask a database owner to set it for the role.",
        };
    }
}
