using System.Collections.Frozen;
using Countersign.Gates.Postgres.Analysis.Catalog;

namespace Countersign.Gates.Postgres.Analysis;

/// <summary>
/// What the server's own functions do beside computing. A volatile one that is not known to be harmless is taken to
/// change something, so that a newer server's new functions are on the safe side.
/// </summary>
internal static class FunctionRules
{
    /// <summary>Volatile, because their result changes by itself; they change nothing anybody could notice.</summary>
    private static readonly FrozenSet<string> s_harmless = Names("""
        random random_normal setseed clock_timestamp timeofday gen_random_uuid uuidv4 uuidv7 uuidv6
        pg_advisory_unlock_all currval lastval current_query currtid2 bernoulli system
        pg_is_in_recovery pg_is_wal_replay_paused pg_get_wal_replay_pause_state pg_last_committed_xact
        pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_current_wal_lsn
        pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_wal_lsn_diff
        pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size pg_database_size pg_tablespace_size
        pg_lock_status pg_blocking_pids pg_safe_snapshot_blocking_pids pg_prepared_xact pg_jit_available
        pg_isolation_test_session_is_blocked pg_notification_queue_usage pg_partition_ancestors pg_partition_tree
        pg_sequence_last_value pg_get_sequence_data pg_stat_clear_snapshot pg_stat_have_stats
        pg_collation_actual_version pg_database_collation_actual_version pg_xact_status txid_status
        pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_get_multixact_members
        pg_get_backend_memory_contexts pg_get_shmem_allocations pg_get_wal_resource_managers
        pg_replication_origin_progress pg_show_replication_origin_status pg_stat_get_recovery_prefetch
        pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
        pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
        pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans
        pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated
        pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated
        pg_stat_get_xact_tuples_newpage_updated suppress_redundant_updates_trigger tsvector_update_trigger
        tsvector_update_trigger_column
        """);

    /// <summary>Reads or writes files, or objects that no privilege on a relation covers.</summary>
    private static readonly FrozenSet<string> s_outside = Names("""
        pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir
        pg_ls_tmpdir pg_ls_archive_statusdir pg_ls_replslotdir pg_ls_logicalmapdir pg_ls_logicalsnapdir
        pg_ls_summariesdir pg_current_logfile pg_hba_file_rules pg_ident_file_mappings pg_show_all_file_settings
        lo_import lo_export lo_open lo_close lo_creat lo_create lo_from_bytea lo_get lo_put lo_lseek lo_lseek64
        lo_tell lo_tell64 lo_truncate lo_truncate64 lo_unlink loread lowrite
        """);

    /// <summary>Takes a statement, or a relation's name, that nobody but the function itself sees.</summary>
    private static readonly FrozenSet<string> s_text = Names("""
        query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema
        table_to_xml table_to_xmlschema table_to_xml_and_xmlschema
        schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema
        database_to_xml database_to_xmlschema database_to_xml_and_xmlschema ts_stat
        """);

    /// <summary>Administers the server: its log, its replication, its statistics, other sessions.</summary>
    private static readonly FrozenSet<string> s_administration = Names("""
        pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old pg_switch_wal pg_create_restore_point pg_promote
        pg_wal_replay_pause pg_wal_replay_resume pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup
        pg_terminate_backend pg_cancel_backend pg_log_backend_memory_contexts pg_export_snapshot
        pg_log_standby_snapshot pg_sync_replication_slots pg_nextoid pg_stop_making_pinned_objects
        pg_import_system_collations pg_extension_config_dump pg_logical_emit_message
        brin_summarize_new_values brin_summarize_range brin_desummarize_range gin_clean_pending_list
        pg_stat_force_next_flush pg_get_process_memory_contexts
        """);

    private static readonly string[] s_administrationBeginnings =
    [
        "pg_create_", "pg_copy_", "pg_drop_", "pg_replication_", "pg_logical_slot_", "pg_stat_reset",
        "binary_upgrade_", "pg_restore_", "pg_clear_", "pg_set_",
    ];

    /// <summary>Shows texts that others left: settings, statements of sessions, names that clients chose.</summary>
    private static readonly FrozenSet<string> s_texts = Names("""
        current_setting pg_show_all_settings pg_stat_get_activity pg_stat_get_backend_activity pg_prepared_statement
        pg_cursor pg_get_backend_memory_contexts pg_listening_channels
        """);

    /// <summary>Whether its result may hold values that its arguments do not hold.</summary>
    public static bool HandsOut(BuiltInFunction function) =>
        s_texts.Contains(function.Name) || Of(function) is FunctionRule.LeavesDatabase or FunctionRule.RunsText;

    public static FunctionRule Of(BuiltInFunction function) => function switch
    {
        { Name: "set_config" } => FunctionRule.SetsSetting,
        { Name: "nextval" or "setval" } => FunctionRule.MovesSequence,

        // The one with two arguments runs the second as a query; both have one name, and only that one is volatile.
        { Name: "ts_rewrite", Volatility: 'v' } => FunctionRule.RunsText,
        { Name: var name } when s_outside.Contains(name) => FunctionRule.LeavesDatabase,
        { Name: var name } when s_text.Contains(name) => FunctionRule.RunsText,
        { Name: var name } when IsAdministration(name) && !s_harmless.Contains(name) => FunctionRule.Administers,
        { Volatility: 'v', Name: var name } when !s_harmless.Contains(name) => FunctionRule.Changes,
        _ => FunctionRule.Computes,
    };

    /// <summary>
    /// Whether a function in C, which only a superuser can make, belongs to an extension that is known to compute and
    /// nothing else. A volatile one is believed only where it draws random numbers.
    /// </summary>
    public static bool IsKnownToCompute(FunctionFacts function) =>
        function is { Language: "c", Extension: { } extension } && extension switch
        {
            "uuid-ossp" or "pgcrypto" => true,
            "citext" or "hstore" or "ltree" or "pg_trgm" or "unaccent" or "cube" or "earthdistance"
                or "fuzzystrmatch" or "intarray" or "isn" or "seg" or "btree_gin" or "btree_gist" or "vector"
                or "postgis" => function.Volatility != 'v',
            _ => false,
        };

    private static bool IsAdministration(string name) =>
        s_administration.Contains(name)
        || s_administrationBeginnings.Any(beginning => name.StartsWith(beginning, StringComparison.Ordinal));

    private static FrozenSet<string> Names(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}

/// <summary>What one of the server's own functions does.</summary>
internal enum FunctionRule
{
    Computes,

    /// <summary>Something beside its result: a lock, a notice to others, a delay.</summary>
    Changes,

    MovesSequence,
    SetsSetting,
    LeavesDatabase,
    RunsText,
    Administers,
}
