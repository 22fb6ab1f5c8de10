ALTER TABLE `secrets` ADD `import_hash` text;--> statement-breakpoint
CREATE UNIQUE INDEX `secrets_import` ON `secrets` (`import_hash`) WHERE import_hash IS NOT NULL;